package ingle.runtime.bean;

import ingle.runtime.json.JsonWriter;
import ingle.runtime.json.MappingException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZonedDateTime;

/** The classes of java.time: seconds since the epoch, arrays of fields, or texts. */
final class TimeEncoder {
    private TimeEncoder() {}

    static void write(JsonWriter out, Object value) throws MappingException {
        if (value instanceof Instant) {
            seconds(out, ((Instant) value).getEpochSecond(), ((Instant) value).getNano());
        } else if (value instanceof OffsetDateTime) {
            write(out, ((OffsetDateTime) value).toInstant());
        } else if (value instanceof ZonedDateTime) {
            write(out, ((ZonedDateTime) value).toInstant());
        } else if (value instanceof Duration) {
            seconds(out, ((Duration) value).getSeconds(), ((Duration) value).getNano());
        } else if (value instanceof Year) {
            out.literal(value.toString());
        } else if (value instanceof LocalDate || value instanceof LocalTime || value instanceof LocalDateTime
                || value instanceof YearMonth) {
            out.open('[');
            fields(out, value);
            out.close(']');
        } else {
            out.string(value.toString());
        }
    }

    private static void seconds(JsonWriter out, long seconds, int nanos) {
        if (seconds == 0 && nanos == 0) {
            out.literal("0.0");
        } else {
            out.literal(BigDecimal.valueOf(seconds).add(BigDecimal.valueOf(nanos, 9)).setScale(9).toPlainString());
        }
    }

    private static void fields(JsonWriter out, Object value) {
        if (value instanceof LocalDateTime) {
            fields(out, ((LocalDateTime) value).toLocalDate());
            fields(out, ((LocalDateTime) value).toLocalTime());
        } else if (value instanceof LocalDate) {
            LocalDate date = (LocalDate) value;
            numbers(out, date.getYear(), date.getMonthValue(), date.getDayOfMonth());
        } else if (value instanceof YearMonth) {
            numbers(out, ((YearMonth) value).getYear(), ((YearMonth) value).getMonthValue());
        } else {
            LocalTime time = (LocalTime) value;
            numbers(out, time.getHour(), time.getMinute());
            if (time.getSecond() > 0 || time.getNano() > 0) {
                numbers(out, time.getSecond());
                if (time.getNano() > 0) {
                    numbers(out, time.getNano());
                }
            }
        }
    }

    private static void numbers(JsonWriter out, int... values) {
        for (int each : values) {
            out.literal(Integer.toString(each));
        }
    }
}
