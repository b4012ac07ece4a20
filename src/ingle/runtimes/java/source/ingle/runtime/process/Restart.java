package ingle.runtime.process;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Starting anew with variables that count only when a virtual machine starts.
 *
 * <p>This one came up before it was known whom it serves. Where the function's variables have what
 * it should have been started with, a second one is started with them and gets the channel, and this
 * one only waits for it to end. That costs the time of a start, and the memory of the waiting one.
 */
public final class Restart {
    private static final String MARK = "_INGLE_STARTED_ANEW";
    private static final String WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER";
    private static final String[] READ_AT_START = {
        "JDK_JAVA_OPTIONS", "LD_LIBRARY_PATH", "LD_PRELOAD", "_JAVA_OPTIONS", WRAPPER,
    };

    private final Map<String, String> given = new HashMap<>(System.getenv());

    /** Remember what this process was started with. */
    public Restart() {}

    /** Return the variables of a process that was started anew; null for any other. */
    public Map<String, String> result() {
        if (!given.containsKey(MARK)) {
            return null;
        }
        Map<String, String> variables = new HashMap<>(given);
        variables.remove(MARK);
        return variables;
    }

    /** Whether a function with these variables needs it. */
    public boolean isNeeded(Map<String, String> variables) {
        for (String each : READ_AT_START) {
            if (variables.containsKey(each) && !variables.get(each).equals(given.get(each))) {
                return true;
            }
        }
        return Options.tooLate(variables);
    }

    /**
     * Start anew and wait for the end.
     *
     * @return the exit status
     */
    public int run(Channel channel, Map<String, String> variables) throws IOException {
        List<String> command = new ArrayList<>();
        if (variables.containsKey(WRAPPER)) {
            command.add(variables.get(WRAPPER));
        }
        command.addAll(Options.give(ownCommand(), variables));
        ProcessBuilder builder = new ProcessBuilder(command).directory(new File(variables.get("LAMBDA_TASK_ROOT")));
        builder.environment().clear();
        builder.environment().putAll(variables);
        builder.environment().put(MARK, "1");
        channel.release();
        try {
            return builder.inheritIO().start().waitFor();
        } catch (InterruptedException error) {
            throw new IOException(error);
        }
    }

    private static List<String> ownCommand() throws IOException {
        String text = new String(Files.readAllBytes(Paths.get("/proc/self/cmdline")), StandardCharsets.UTF_8);
        List<String> command = new ArrayList<>();
        for (String each : text.split("\0")) {
            command.add(each);
        }
        command.set(0, System.getProperty("java.home") + "/bin/java");
        return command;
    }
}
