package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.MappingException;
import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.nio.charset.Charset;
import java.time.Period;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Currency;
import java.util.Locale;
import java.util.TimeZone;
import java.util.UUID;
import java.util.regex.Pattern;

/** Classes whose JSON is a text that they can be made from. */
final class TextDecoder extends Decoder {
    private static final Decoder TEXT = ScalarDecoder.of(String.class);

    private final Class<?> type;

    TextDecoder(Class<?> type) {
        this.type = type;
    }

    /** Whether it reads this class. */
    static boolean fits(Class<?> type) {
        return type == UUID.class || type == URI.class || type == URL.class || type == File.class
                || type == Pattern.class || type == Currency.class || type == Locale.class
                || type == Charset.class || type == TimeZone.class || type == Period.class
                || type == ZoneId.class || type == ZoneOffset.class || type == StringBuilder.class;
    }

    @Override
    Object read(JsonReader in) throws MappingException {
        if (in.peek() == '[') {
            return unwrap(in, type.getName());
        }
        if (in.peek() == '{') {
            throw mismatch(in, type.getName());
        }
        String text = (String) TEXT.read(in);
        if (text.trim().isEmpty() && type != StringBuilder.class) {
            return type == URI.class ? URI.create("") : null;
        }
        try {
            return make(type == StringBuilder.class ? text : text.trim());
        } catch (MalformedURLException | RuntimeException error) {
            throw weird(in, type.getName(), text, "not a valid textual representation, problem: " + error.getMessage());
        } catch (ReflectiveOperationException error) {
            Throwable cause = error instanceof InvocationTargetException ? error.getCause() : error;
            throw weird(in, type.getName(), text, "not a valid textual representation, problem: " + cause.getMessage());
        }
    }

    private Object make(String text) throws MalformedURLException, ReflectiveOperationException {
        if (type == UUID.class) {
            return UUID.fromString(text);
        }
        if (type == URI.class) {
            return URI.create(text);
        }
        if (type == URL.class) {
            return new URL(text);
        }
        if (type == File.class) {
            return new File(text);
        }
        if (type == Pattern.class) {
            return Pattern.compile(text);
        }
        if (type == Currency.class) {
            return Currency.getInstance(text);
        }
        if (type == Locale.class) {
            return Locale.forLanguageTag(text.replace('_', '-'));
        }
        if (type == Charset.class) {
            return Charset.forName(text);
        }
        if (type == TimeZone.class) {
            return TimeZone.getTimeZone(text);
        }
        if (type == Period.class) {
            return Period.parse(text);
        }
        if (type == ZoneId.class) {
            return ZoneId.of(text);
        }
        if (type == ZoneOffset.class) {
            return ZoneOffset.of(text);
        }
        if (type == StringBuilder.class) {
            return new StringBuilder(text);
        }
        return type.getMethod("parse", String.class).invoke(null, text); // org.joda.time.DateTime
    }
}
