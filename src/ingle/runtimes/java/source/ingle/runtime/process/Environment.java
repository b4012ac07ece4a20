package ingle.runtime.process;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.util.Map;
import java.util.TimeZone;

/** The variables of the process, which Java reads once, when it does not yet know whom it serves. */
public final class Environment {
    private static final String DEFAULT_ZONE = ":UTC";

    private final Map<String, String> shown = shown();
    private NativeEnvironment natives;
    private String problem;

    /**
     * Find the variables of this process.
     *
     * @throws IOException if this Java keeps them elsewhere
     */
    public Environment() throws IOException {
        try {
            natives = new NativeEnvironment();
        } catch (IOException error) {
            problem = error.getMessage();
        }
    }

    /** Make these the process's variables, for the function and for the programs that it starts. */
    public void enter(Map<String, String> variables) {
        shown.clear();
        shown.putAll(variables);
        if (natives != null) {
            try {
                natives.replace(variables);
            } catch (IOException error) {
                problem = error.getMessage();
            }
        }
    }

    /** Do what Java does by variables when it starts, and say in the log what could not be done. */
    public void settle(Map<String, String> variables) {
        String zone = variables.get("TZ");
        // The process was started with the default, and to look at zones costs milliseconds.
        if (zone != null && !zone.equals(DEFAULT_ZONE)) {
            String name = zone.startsWith(":") ? zone.substring(1) : zone;
            TimeZone.setDefault(TimeZone.getTimeZone(name.isEmpty() ? "UTC" : name));
        }
        Options.apply(variables);
        if (problem != null) {
            System.err.println("ingle: a program that is started without a call of ProcessBuilder.environment() "
                    + "does not see the function's variables: " + problem);
        }
    }

    /** Return the map that System.getenv shows, open to changes. */
    @SuppressWarnings("unchecked")
    private static Map<String, String> shown() throws IOException {
        try {
            Field variables = Class.forName("java.lang.ProcessEnvironment").getDeclaredField("theEnvironment");
            variables.setAccessible(true);
            Constructor<?> view = Class.forName("java.lang.ProcessEnvironment$StringEnvironment")
                    .getDeclaredConstructor(Map.class);
            view.setAccessible(true);
            return (Map<String, String>) view.newInstance(variables.get(null));
        } catch (ReflectiveOperationException error) {
            throw new IOException(error);
        }
    }
}
