package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.MappingException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Date;

/** Dates: milliseconds since the epoch (in AWS's events seconds), or a text by ISO 8601 or RFC 1123. */
final class DateDecoder extends Decoder {
    private final boolean seconds;

    DateDecoder(boolean seconds) {
        this.seconds = seconds;
    }

    @Override
    Object read(JsonReader in) throws MappingException {
        switch (in.peek()) {
            case JsonReader.NUMBER:
                return seconds
                        ? fromSeconds(new BigDecimal(in.number()))
                        : new Date(whole(in, Date.class.getName(), Long.MIN_VALUE, Long.MAX_VALUE));
            case '"':
                return parse(in, in.string().trim());
            case '[':
                return unwrap(in, Date.class.getName());
            default:
                throw mismatch(in, Date.class.getName());
        }
    }

    /** As AWS has it, zero is no date. */
    private static Date fromSeconds(BigDecimal seconds) {
        return seconds.signum() == 0 ? null : new Date(seconds.movePointRight(3).longValue());
    }

    private static Date parse(JsonReader in, String text) throws MappingException {
        if (text.isEmpty()) {
            return null;
        }
        try {
            return Date.from(instant(text));
        } catch (DateTimeParseException error) {
            throw weird(in, Date.class.getName(), text, "not a valid representation (error: Failed to parse Date "
                    + "value '" + text + "': Cannot parse date \"" + text + "\")");
        }
    }

    private static Instant instant(String text) {
        if (text.length() < 20 && isNumber(text)) {
            return Instant.ofEpochMilli(Long.parseLong(text));
        }
        if (text.length() == 10) {
            return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
        }
        if (Character.isLetter(text.charAt(0))) {
            return ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
        }
        String zoned = TimeDecoder.zoned(text);
        boolean local = zoned.length() == text.length() && zoned.length() <= 23 && !zoned.endsWith("Z");
        return OffsetDateTime.parse(local ? zoned + "Z" : zoned).toInstant();
    }

    private static boolean isNumber(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!Character.isDigit(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }
}
