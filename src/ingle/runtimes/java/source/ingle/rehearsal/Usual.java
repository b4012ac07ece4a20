package ingle.rehearsal;

import java.lang.invoke.CallSite;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What most code uses, and what is slow when a process does it for the first time: functions as
 * values, texts put together, streams, formats, dates, random identifiers.
 */
public class Usual {
    /** Stands for a value in a recipe. */
    private static final char PART = '\1';

    private final List<String> words = new ArrayList<>(Arrays.asList("one", "three", "one"));

    /** Use it all; the event is the answer. */
    public Map<String, Object> use(Map<String, Object> event) throws Throwable {
        Supplier<Usual> made = Usual::new;
        String prefix = String.valueOf(event.size());
        Map<String, Long> counts = made.get().words.stream()
                .map(each -> prefix.concat(each))
                .filter(each -> each.length() > 1)
                .sorted(Comparator.comparing(String::length).thenComparing(Comparator.reverseOrder()))
                .collect(Collectors.groupingBy(each -> each, Collectors.counting()));
        counts.forEach((word, count) -> words.add(word));
        words.removeIf(String::isEmpty);
        words.sort(Comparator.naturalOrder());
        IntStream.range(0, 2).mapToObj(Integer::toString).collect(Collectors.joining(","));
        new ConcurrentHashMap<String, Integer>().computeIfAbsent("key", String::length);
        Optional.of(prefix).map(String::trim).orElseGet(String::new);
        Pattern.compile("(\\d+)-([a-z]*)").matcher(prefix).replaceAll("$1");
        String.format("%s %5d %.2f %x", prefix, 1, 1.5, 255L);
        Instant.parse(Instant.now().toString()).atZone(ZoneOffset.UTC).plusDays(1).toLocalDate();
        LocalDate.parse("2024-02-29").getDayOfWeek().name().toLowerCase();
        UUID.randomUUID().toString();
        concatenate();
        return event;
    }

    /** Put texts together as classes do that were compiled for Java 9 and later. */
    private static void concatenate() throws Throwable {
        Method factory;
        try {
            factory = Class.forName("java.lang.invoke.StringConcatFactory")
                    .getMethod(
                            "makeConcatWithConstants",
                            MethodHandles.Lookup.class,
                            String.class,
                            MethodType.class,
                            String.class,
                            Object[].class);
        } catch (ClassNotFoundException before9) {
            return; // there a StringBuilder does it
        }
        Object[] values = {"a", 1, "b"};
        Class<?>[] types = {String.class, int.class, Object.class};
        StringBuilder recipe = new StringBuilder("text");
        for (int parts = 1; parts <= types.length; parts++) {
            MethodType type = MethodType.methodType(String.class, Arrays.copyOf(types, parts));
            recipe.append(PART);
            CallSite site = (CallSite)
                    factory.invoke(null, MethodHandles.lookup(), "concat", type, recipe.toString(), new Object[0]);
            site.getTarget().invokeWithArguments(Arrays.copyOf(values, parts));
        }
    }
}
