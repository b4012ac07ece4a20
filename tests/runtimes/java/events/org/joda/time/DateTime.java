package org.joda.time;

/** Stands for the class of Joda-Time: it is made by parse, and toString is ISO 8601. */
public final class DateTime {
    private final String text;

    private DateTime(String text) {
        this.text = text;
    }

    public static DateTime parse(String text) {
        return new DateTime(text.replace("Z", ".000Z"));
    }

    @Override
    public String toString() {
        return text;
    }
}
