package example;

import java.util.List;

/** Handlers of records. */
public class Records {
    public record Point(int x, int y) {}

    public record Line(String name, List<Point> points, Line next) {}

    public Line line(Line line) {
        return line;
    }

    public record Pair<A, B>(A first, B second) {}

    public String pair(Pair<Point, List<Point>> pair) {
        return pair.first().getClass().getSimpleName() + pair.second().get(0).getClass().getSimpleName();
    }
}
