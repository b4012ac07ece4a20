package ingle.runtime.bean;

import ingle.runtime.json.JsonWriter;
import ingle.runtime.json.MappingException;
import java.io.File;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Calendar;
import java.util.Currency;
import java.util.Date;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TimeZone;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** Classes of Java itself, and the dates of Joda, which are not written member by member. */
final class StandardEncoder implements Encoder {
    private final Encoders encoders;

    StandardEncoder(Encoders encoders) {
        this.encoders = encoders;
    }

    /** Whether it writes this class. */
    static boolean fits(Class<?> type) {
        String name = type.getName();
        return name.startsWith("java.time.")
                || name.startsWith("org.joda.time.")
                || CharSequence.class.isAssignableFrom(type)
                || Date.class.isAssignableFrom(type)
                || Calendar.class.isAssignableFrom(type)
                || ByteBuffer.class.isAssignableFrom(type)
                || TimeZone.class.isAssignableFrom(type)
                || InetAddress.class.isAssignableFrom(type)
                || Path.class.isAssignableFrom(type)
                || Charset.class.isAssignableFrom(type)
                || Map.Entry.class.isAssignableFrom(type)
                || name.startsWith("java.util.Optional")
                || name.equals("java.lang.Character")
                || name.equals("java.lang.Class")
                || name.equals("java.util.UUID")
                || name.equals("java.util.Locale")
                || name.equals("java.util.Currency")
                || name.equals("java.util.regex.Pattern")
                || name.equals("java.util.concurrent.atomic.AtomicBoolean")
                || name.equals("java.util.concurrent.atomic.AtomicReference")
                || name.equals("java.net.URI")
                || name.equals("java.net.URL")
                || name.equals("java.io.File");
    }

    @Override
    public void write(JsonWriter out, Object value) throws MappingException {
        if (value instanceof Date) {
            out.literal(Long.toString(((Date) value).getTime()));
        } else if (value instanceof Calendar) {
            out.literal(Long.toString(((Calendar) value).getTimeInMillis()));
        } else if (value instanceof Optional) {
            encoders.write(out, ((Optional<?>) value).orElse(null));
        } else if (value instanceof OptionalInt) {
            encoders.write(out, ((OptionalInt) value).isPresent() ? ((OptionalInt) value).getAsInt() : null);
        } else if (value instanceof OptionalLong) {
            encoders.write(out, ((OptionalLong) value).isPresent() ? ((OptionalLong) value).getAsLong() : null);
        } else if (value instanceof OptionalDouble) {
            encoders.write(out, ((OptionalDouble) value).isPresent() ? ((OptionalDouble) value).getAsDouble() : null);
        } else if (value instanceof AtomicReference) {
            encoders.write(out, ((AtomicReference<?>) value).get());
        } else if (value instanceof AtomicBoolean) {
            encoders.write(out, ((AtomicBoolean) value).get());
        } else if (value instanceof Map.Entry) {
            Map.Entry<?, ?> entry = (Map.Entry<?, ?>) value;
            out.open('{');
            out.name(String.valueOf(entry.getKey()));
            encoders.write(out, entry.getValue());
            out.close('}');
        } else if (value.getClass().getName().startsWith("java.time.")) {
            TimeEncoder.write(out, value);
        } else {
            out.string(text(value));
        }
    }

    private static String text(Object value) {
        if (value instanceof ByteBuffer) {
            ByteBuffer copy = ((ByteBuffer) value).duplicate();
            byte[] bytes = new byte[copy.remaining()];
            copy.get(bytes);
            return Base64.getEncoder().encodeToString(bytes);
        }
        if (value instanceof Class) {
            return ((Class<?>) value).getName();
        }
        if (value instanceof TimeZone) {
            return ((TimeZone) value).getID();
        }
        if (value instanceof InetAddress) {
            return ((InetAddress) value).getHostAddress();
        }
        if (value instanceof File) {
            return ((File) value).getAbsolutePath();
        }
        if (value instanceof Currency) {
            return ((Currency) value).getCurrencyCode();
        }
        if (value instanceof Path) {
            return ((Path) value).toUri().toString();
        }
        return value.toString();
    }
}
