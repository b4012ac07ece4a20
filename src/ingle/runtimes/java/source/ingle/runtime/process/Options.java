package ingle.runtime.process;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TimeZone;

/**
 * JAVA_TOOL_OPTIONS of a virtual machine that runs already. Its system properties can still be set,
 * and some options only say what is the case anyway; any other needs a machine of its own.
 *
 * @see <a href="https://docs.aws.amazon.com/lambda/latest/dg/java-customization.html">AWS's page</a>
 */
final class Options {
    private static final String VARIABLE = "JAVA_TOOL_OPTIONS";
    private static final String LAUNCHER_VARIABLE = "JDK_JAVA_OPTIONS";
    private static final String[] TRUE_ANYWAY = {
        "-XX:+TieredCompilation", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xshare:on",
        "-XX:-UsePerfData", "-server",
    };

    private Options() {}

    /** Whether the options come too late. */
    static boolean tooLate(Map<String, String> variables) {
        for (String each : of(variables, VARIABLE)) {
            boolean property = each.startsWith("-D") && !each.startsWith("-Djava.") && !each.startsWith("-Dsun.")
                    && !each.startsWith("-Djdk.") && !each.startsWith("-Dfile.");
            if (!property && !Arrays.asList(TRUE_ANYWAY).contains(each)) {
                return true;
            }
        }
        return false;
    }

    /** Set the system properties among the options. */
    static void apply(Map<String, String> variables) {
        if (!variables.containsKey(VARIABLE)) {
            return;
        }
        System.err.println("Picked up " + VARIABLE + ": " + variables.get(VARIABLE));
        for (String option : of(variables, VARIABLE)) {
            if (option.startsWith("-D") && option.length() > 2) {
                set(option.substring(2));
            }
        }
    }

    private static void set(String definition) {
        int sign = definition.indexOf('=');
        String name = sign < 0 ? definition : definition.substring(0, sign);
        String value = sign < 0 ? "" : definition.substring(sign + 1);
        System.setProperty(name, value);
        if (name.equals("user.timezone")) {
            TimeZone.setDefault(TimeZone.getTimeZone(value));
        }
    }

    /** Return a command without its options of which the variables have others; a command's come first. */
    static List<String> give(List<String> command, Map<String, String> variables) {
        Set<String> subjects = new HashSet<>();
        for (String name : new String[] {VARIABLE, LAUNCHER_VARIABLE}) {
            for (String option : of(variables, name)) {
                subjects.add(subject(option));
            }
        }
        List<String> left = new ArrayList<>();
        for (String each : command) {
            if (!each.startsWith("-") || !subjects.contains(subject(each))) {
                left.add(each);
            }
        }
        return left;
    }

    /** Return what an option is about, the same for all of which only one can hold. */
    private static String subject(String option) {
        if (option.matches("-XX:\\+Use\\w+GC")) {
            return "collector";
        }
        if (option.matches("-Xmx.*|-XX:(MaxHeapSize|MaxRAMPercentage|MaxRAM)=.*")) {
            return "largest heap";
        }
        if (option.matches("-Xms.*|-XX:(InitialHeapSize|InitialRAMPercentage)=.*")) {
            return "first heap";
        }
        String name = option.startsWith("-XX:+") || option.startsWith("-XX:-") ? option.substring(5)
                : option.startsWith("-XX:") ? option.substring(4) : option;
        return name.split("[=:]", 2)[0];
    }

    /** Split at white space that is not quoted, as the virtual machine does. */
    private static List<String> of(Map<String, String> variables, String name) {
        List<String> options = new ArrayList<>();
        StringBuilder option = new StringBuilder();
        char quote = 0;
        for (char each : (variables.getOrDefault(name, "") + " ").toCharArray()) {
            if (quote != 0 ? each == quote : each == '"' || each == '\'') {
                quote = quote != 0 ? 0 : each;
            } else if (quote != 0 || !Character.isWhitespace(each)) {
                option.append(each);
            } else if (option.length() > 0) {
                options.add(option.toString());
                option.setLength(0);
            }
        }
        return options;
    }
}
