package ingle.runtime.process;

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The variables as the C library has them, which native code sees, and programs that are started
 * without a map of their own.
 *
 * <p>Java cannot set them, but they are in memory that the kernel filled when the process started:
 * an array of pointers, and the texts. Both are written anew, through /proc/self/mem, in the room
 * that variables which mean nothing have reserved. See proc(5) and proc_pid_stat(5).
 */
final class NativeEnvironment {
    private static final int STACK_START = 28;
    private static final int TEXTS_START = 50;
    private static final int TEXTS_END = 51;
    private static final int POINTER = 8;
    private static final int MOST = 1024;

    private final long pointers;
    private final int slots;
    private final long start;
    private final int room;

    /** Find out where they are, and how much room they have; raise IOException where that cannot be told. */
    NativeEnvironment() throws IOException {
        String[] fields = stat();
        start = number(fields, TEXTS_START);
        room = (int) (number(fields, TEXTS_END) - start);
        long stack = number(fields, STACK_START);
        if (stack == 0 || room <= 0) {
            throw new IOException("/proc/self/stat does not tell where the variables are");
        }
        try (RandomAccessFile memory = new RandomAccessFile("/proc/self/mem", "r")) {
            // The number of arguments, the arguments, a null, the variables, a null.
            pointers = stack + POINTER * (2 + read(memory, stack, 1).getLong());
            ByteBuffer array = read(memory, pointers, MOST);
            int count = 0;
            while (count < MOST && array.getLong() != 0) {
                count++;
            }
            slots = count;
        }
    }

    /** Write these; raise IOException where there is too little room. */
    void replace(Map<String, String> variables) throws IOException {
        ByteArrayOutputStream texts = new ByteArrayOutputStream(room);
        ByteBuffer array = ByteBuffer.allocate(POINTER * (variables.size() + 1)).order(ByteOrder.nativeOrder());
        for (Map.Entry<String, String> each : variables.entrySet()) {
            array.putLong(start + texts.size());
            byte[] text = (each.getKey() + "=" + each.getValue() + "\0").getBytes(StandardCharsets.UTF_8);
            texts.write(text, 0, text.length);
        }
        if (variables.size() > slots || texts.size() > room) {
            throw new IOException(variables.size() + " variables of " + texts.size() + " bytes do not fit into the "
                    + slots + " of " + room + " bytes that the process was started with");
        }
        // All of it shows in /proc/self/environ, so nothing may be left of the former ones.
        byte[] rest = new byte[room - texts.size()];
        texts.write(rest, 0, rest.length);
        try (RandomAccessFile memory = new RandomAccessFile("/proc/self/mem", "rw")) {
            memory.seek(start);
            memory.write(texts.toByteArray());
            memory.seek(pointers);
            memory.write(array.array());
        }
    }

    private static ByteBuffer read(RandomAccessFile memory, long address, int count) throws IOException {
        byte[] bytes = new byte[POINTER * count];
        memory.seek(address);
        int length = memory.read(bytes);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        buffer.limit(Math.max(0, length));
        return buffer;
    }

    /** Return the fields of /proc/self/stat from the third one on. */
    private static String[] stat() throws IOException {
        byte[] bytes = new byte[4096];
        int length;
        try (FileInputStream file = new FileInputStream("/proc/self/stat")) {
            length = file.read(bytes);
        }
        String text = new String(bytes, 0, Math.max(0, length), StandardCharsets.ISO_8859_1);
        // The second field is the program's name, which may hold anything.
        return text.substring(text.lastIndexOf(')') + 2).trim().split(" ");
    }

    private static long number(String[] fields, int field) {
        return fields.length > field - 3 ? Long.parseUnsignedLong(fields[field - 3]) : 0;
    }
}
