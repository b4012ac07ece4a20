package ingle.runtime.bean;

import java.lang.reflect.Method;

/** Records, which Java has since 16: what this one may not know is asked by name. */
final class Records {
    private static final Method COMPONENTS = componentsMethod();

    private Records() {}

    private static Method componentsMethod() {
        try {
            return Class.class.getMethod("getRecordComponents");
        } catch (NoSuchMethodException older) {
            return null;
        }
    }

    /** Whether a class is a record. */
    static boolean are(Class<?> type) {
        Class<?> parent = type.getSuperclass();
        return COMPONENTS != null && parent != null && parent.getName().equals("java.lang.Record");
    }

    /** Return the names of a record's components. */
    static String[] names(Class<?> record) {
        try {
            Object[] components = (Object[]) COMPONENTS.invoke(record);
            String[] names = new String[components.length];
            for (int i = 0; i < names.length; i++) {
                names[i] = (String) components[i].getClass().getMethod("getName").invoke(components[i]);
            }
            return names;
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    /** Return the methods that give a record's components. */
    static Method[] accessors(Class<?> record) {
        String[] names = names(record);
        Method[] accessors = new Method[names.length];
        for (int i = 0; i < names.length; i++) {
            try {
                accessors[i] = record.getDeclaredMethod(names[i]);
            } catch (NoSuchMethodException error) {
                throw new IllegalStateException(error);
            }
        }
        return accessors;
    }
}
