package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.MappingException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;

/** The classes of java.time: numbers since the epoch, arrays of fields, or texts by ISO 8601. */
final class TimeDecoder extends Decoder {
    private final Class<?> type;

    TimeDecoder(Class<?> type) {
        this.type = type;
    }

    /** Whether it reads this class. */
    static boolean fits(Class<?> type) {
        return type == Instant.class || type == OffsetDateTime.class || type == ZonedDateTime.class
                || type == LocalDate.class || type == LocalDateTime.class || type == LocalTime.class
                || type == Duration.class || type == Year.class || type == YearMonth.class;
    }

    @Override
    Object read(JsonReader in) throws MappingException {
        try {
            switch (in.peek()) {
                case JsonReader.NUMBER:
                    return fromNumber(in, new BigDecimal(in.number()));
                case '[':
                    return fromFields(in);
                case '"':
                    String text = in.string().trim();
                    return text.isEmpty() ? null : fromText(in, text);
                default:
                    throw mismatch(in, type.getName());
            }
        } catch (DateTimeException | ArithmeticException error) {
            throw in.problem("Cannot deserialize value of type `" + type.getName() + "`: (" + error.getClass().getName()
                    + ") " + error.getMessage());
        }
    }

    private Object fromNumber(JsonReader in, BigDecimal number) throws MappingException {
        if (type == Year.class) {
            return Year.of(number.intValueExact());
        }
        if (type == LocalDate.class) {
            return LocalDate.ofEpochDay(number.longValueExact());
        }
        long seconds = number.longValue();
        int nanos = number.subtract(BigDecimal.valueOf(seconds)).movePointRight(9).intValue();
        if (type == Duration.class) {
            return Duration.ofSeconds(seconds, nanos);
        }
        return dated(in, Instant.ofEpochSecond(seconds, nanos).atZone(ZoneOffset.UTC));
    }

    private Object dated(JsonReader in, ZonedDateTime when) throws MappingException {
        if (type == Instant.class) {
            return when.toInstant();
        }
        if (type == OffsetDateTime.class) {
            return when.toOffsetDateTime();
        }
        if (type == ZonedDateTime.class) {
            return when.withZoneSameInstant(ZoneId.of("UTC"));
        }
        throw in.problem("raw timestamp not allowed for `" + type.getName() + "`");
    }

    private Object fromFields(JsonReader in) throws MappingException {
        List<Integer> fields = new ArrayList<>();
        in.open();
        boolean more = in.nextElement(true);
        while (more) {
            if (in.peek() != JsonReader.NUMBER) {
                throw mismatch(in, "int");
            }
            fields.add(new BigDecimal(in.number()).intValueExact());
            more = in.nextElement(false);
        }
        if (fields.isEmpty()) {
            return null;
        }
        int[] f = new int[7];
        for (int i = 0; i < fields.size() && i < f.length; i++) {
            f[i] = fields.get(i);
        }
        if (type == LocalTime.class) {
            return LocalTime.of(f[0], f[1], f[2], f[3]);
        }
        if (type == YearMonth.class) {
            return YearMonth.of(f[0], f[1]);
        }
        if (type == LocalDate.class) {
            return LocalDate.of(f[0], f[1], f[2]);
        }
        if (type == LocalDateTime.class) {
            return LocalDateTime.of(f[0], f[1], f[2], f[3], f[4], f[5], f[6]);
        }
        throw mismatch(in, type.getName());
    }

    private Object fromText(JsonReader in, String text) throws MappingException {
        if (type == LocalDate.class) {
            return LocalDate.parse(text.length() > 10 && text.charAt(10) == 'T' ? text.substring(0, 10) : text);
        }
        if (type == LocalDateTime.class) {
            return LocalDateTime.parse(text.endsWith("Z") ? text.substring(0, text.length() - 1) : text);
        }
        if (type == LocalTime.class) {
            return LocalTime.parse(text);
        }
        if (type == Duration.class) {
            return Duration.parse(text);
        }
        if (type == Year.class) {
            return Year.parse(text);
        }
        if (type == YearMonth.class) {
            return YearMonth.parse(text);
        }
        if (text.indexOf('T') < 0 && text.indexOf(':') < 0) {
            return fromNumber(in, new BigDecimal(text));
        }
        ZonedDateTime when = ZonedDateTime.parse(zoned(text));
        return dated(in, type == OffsetDateTime.class ? when.withZoneSameInstant(ZoneOffset.UTC) : when);
    }

    /** Return a text with its offset as java.time writes it. */
    static String zoned(String text) {
        int time = text.indexOf('T');
        int sign = Math.max(text.indexOf('+', time + 1), text.indexOf('-', time + 1));
        if (time < 0 || sign < 0 || text.endsWith("]")) {
            return text;
        }
        return text.length() - sign == 5 ? text.substring(0, sign + 3) + ":" + text.substring(sign + 3) : text;
    }
}
