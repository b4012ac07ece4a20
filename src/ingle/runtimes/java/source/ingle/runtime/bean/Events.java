package ingle.runtime.bean;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * How the classes of aws-lambda-java-events differ from other classes: some members have other
 * names in JSON, dates are in seconds, and some objects can only be made by their constructors.
 * The table is in the file events.txt.
 */
final class Events {
    private static final String[] PACKAGES = {
        "com.amazonaws.services.lambda.runtime.events.",
        "com.amazonaws.services.dynamodbv2.model.",
        "com.amazonaws.services.kinesis.model.",
        "com.amazonaws.services.s3.event.",
    };

    private Events() {}

    /** Whether this is one of those classes. */
    static boolean has(Class<?> type) {
        if (!type.getName().startsWith("com.amazonaws.services.")) {
            return false;
        }
        for (String each : PACKAGES) {
            if (type.getName().startsWith(each)) {
                return true;
            }
        }
        return false;
    }

    /** Return a property's name in JSON; null where it is not there. */
    static String rename(Class<?> type, String property) {
        for (Class<?> each = type; each != null && has(each); each = each.getSuperclass()) {
            String key = key(each);
            String name = Table.NAMES.get(key + " " + property);
            if (name != null) {
                return name.equals("-") ? null : name;
            }
            if (Table.NAMES.containsKey(key.split("\\$")[0] + " *")) {
                return Character.toUpperCase(property.charAt(0)) + property.substring(1);
            }
        }
        return property;
    }

    /** Return the members in the order of the constructor that takes them, or null. */
    static String[] constructor(Class<?> type) {
        return has(type) ? Table.CONSTRUCTORS.get(key(type)) : null;
    }

    private static String key(Class<?> type) {
        return type.getName().substring(type.getName().lastIndexOf('.') + 1);
    }

    /** Read when the first such class is met. */
    private static final class Table {
        static final Map<String, String> NAMES = new HashMap<>();
        static final Map<String, String[]> CONSTRUCTORS = new HashMap<>();

        static {
            try (InputStream file = Events.class.getResourceAsStream("events.txt");
                    BufferedReader lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    String[] words = line.trim().split("\\s+");
                    if (words[0].isEmpty() || words[0].startsWith("#")) {
                        continue;
                    }
                    if (words[1].equals("new")) {
                        CONSTRUCTORS.put(words[0], Arrays.copyOfRange(words, 2, words.length));
                    } else {
                        NAMES.put(words[0] + " " + words[1], words[2]);
                    }
                }
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }
}
