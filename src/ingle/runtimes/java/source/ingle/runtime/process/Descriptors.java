package ingle.runtime.process;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;

/** Moves descriptors, which Java's own inherited channels do and no public class can. */
final class Descriptors {
    private Descriptors() {}

    /**
     * Take a descriptor over under another number, and leave nothing to read under its own.
     *
     * <p>A program that the function starts with its own standard input would else read what is
     * meant for the runtime.
     */
    static FileDescriptor claim(int number) throws IOException {
        try (FileInputStream nothing = new FileInputStream("/dev/null")) {
            int claimed = (Integer) call("dup", number);
            move(nothing.getFD(), number);
            Constructor<FileDescriptor> of = FileDescriptor.class.getDeclaredConstructor(int.class);
            of.setAccessible(true);
            return of.newInstance(claimed);
        } catch (ReflectiveOperationException error) {
            throw new IOException(error);
        }
    }

    /** Make a number mean what this descriptor does. */
    static void move(FileDescriptor from, int number) throws IOException {
        try {
            Field numberOf = FileDescriptor.class.getDeclaredField("fd");
            numberOf.setAccessible(true);
            call("dup2", numberOf.getInt(from), number);
        } catch (ReflectiveOperationException error) {
            throw new IOException(error);
        }
    }

    private static Object call(String name, Integer... numbers) throws IOException {
        try {
            Class<?>[] types = new Class<?>[numbers.length];
            Arrays.fill(types, int.class);
            Method method = Class.forName("sun.nio.ch.InheritedChannel").getDeclaredMethod(name, types);
            method.setAccessible(true);
            return method.invoke(null, (Object[]) numbers);
        } catch (InvocationTargetException error) {
            throw new IOException(error.getCause());
        } catch (ReflectiveOperationException error) {
            throw new IOException(error);
        }
    }
}
