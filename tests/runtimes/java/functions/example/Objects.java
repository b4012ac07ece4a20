package example;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Handlers that show how objects and JSON become each other. */
public class Objects {
    public Order order(Order order) {
        return order;
    }

    public String itemClass(Order order) {
        return order.getItems().get(0).getClass().getName() + " "
                + order.getExtras().values().iterator().next().getClass().getName();
    }

    public static class Box<T> {
        public T value;
        public List<T> values;
    }

    public String boxed(Box<Order> box) {
        return box.value.getClass().getSimpleName() + box.values.get(0).getClass().getSimpleName();
    }

    public static class Times {
        public Instant instant;
        public LocalDate day;
        public LocalDateTime local;
        public Duration duration;
        public Optional<String> maybe;
        public UUID id;
        public byte[] bytes;
        public char[] letters;
        public char letter;
        public int[] numbers;
    }

    public Times times(Times times) {
        return times;
    }

    public static class Animal {
        public String name = "cat";
    }

    public static class Cat extends Animal {
        public int lives = 9;
    }

    public Animal declared() {
        return new Cat();
    }

    public List<Animal> declaredList() {
        return Arrays.asList(new Cat());
    }

    public Object undeclared() {
        return new Cat();
    }

    public Map<String, Object> odds() {
        Map<String, Object> odds = new LinkedHashMap<>();
        odds.put("text", "\"\\\n\u0001é\ud83d\ude00");
        odds.put("nothing", null);
        odds.put("not a number", Double.NaN);
        odds.put("list", Arrays.asList(1, null, 2.5f, 'c', Order.State.PAID));
        odds.put("array", new int[] {1, 2});
        odds.put("empty", Optional.empty());
        return odds;
    }

    public static class Loop {
        public Loop getSelf() {
            return this;
        }
    }

    public Loop endless() {
        return new Loop();
    }

    public static class Broken {
        public int getNumber() {
            throw new IllegalStateException("no number today");
        }
    }

    public Broken broken() {
        return new Broken();
    }

    public static class Strict {
        public void setNumber(int number) {
            throw new IllegalArgumentException("not " + number);
        }
    }

    public String strict(Strict strict) {
        return "";
    }

    public static class NoConstructor {
        public NoConstructor(int number) {}
    }

    public String unmakeable(NoConstructor event) {
        return "";
    }

    public Map<String, String> texts(Map<String, String> event) {
        return new HashMap<>(event);
    }

    public Map<Order.State, Integer> states(Map<Order.State, Integer> event) {
        return event;
    }

    public List<String> strings(List<String> event) {
        return event == null ? Collections.singletonList("none") : event;
    }
}
