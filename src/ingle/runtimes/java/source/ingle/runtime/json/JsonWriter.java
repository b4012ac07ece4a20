package ingle.runtime.json;

import java.io.OutputStream;

/** Writes JSON in UTF-8; what is written through the stream itself goes in as it is. */
public class JsonWriter extends OutputStream {
    private static final char[] HEX = "0123456789ABCDEF".toCharArray();
    private static final int MOST_DEPTH = 1000;

    private byte[] buffer;
    private int length;
    private int depth;
    private boolean comma;

    /** Make room for this many bytes; more is made when needed. */
    public JsonWriter(int room) {
        buffer = new byte[room];
    }

    /** Forget what was written after this many bytes, and the depth that was reached. */
    public final void reset(int kept) {
        length = kept;
        depth = 0;
        comma = false;
    }

    /** What was written is in here, from the beginning. */
    public final byte[] bytes() {
        return buffer;
    }

    /** How many bytes were written. */
    public final int size() {
        return length;
    }

    @Override
    public final void write(int each) {
        if (length == buffer.length) {
            grow(1);
        }
        buffer[length++] = (byte) each;
    }

    @Override
    public final void write(byte[] bytes, int from, int count) {
        if (count > buffer.length - length) {
            grow(count);
        }
        System.arraycopy(bytes, from, buffer, length, count);
        length += count;
    }

    private void grow(int more) {
        long wanted = Math.max((long) length + more, Math.min(2L * buffer.length, Integer.MAX_VALUE - 8L));
        if (wanted > Integer.MAX_VALUE - 8L) {
            throw new OutOfMemoryError("Required array length too large");
        }
        byte[] larger = new byte[(int) wanted];
        System.arraycopy(buffer, 0, larger, 0, length);
        buffer = larger;
    }

    /** Begin an object or array with its bracket. */
    public final void open(char bracket) throws MappingException {
        before();
        if (++depth > MOST_DEPTH) {
            throw new MappingException("Document nesting depth (" + depth
                    + ") exceeds the maximum allowed (" + MOST_DEPTH + ")", "");
        }
        write(bracket);
        comma = false;
    }

    /** End an object or array with its bracket. */
    public final void close(char bracket) {
        depth--;
        write(bracket);
        comma = true;
    }

    /** Begin a member of an object. */
    public final void name(String name) {
        before();
        quote(name);
        write(':');
        comma = false;
    }

    /** Write a string. */
    public final void string(CharSequence value) {
        before();
        quote(value);
        comma = true;
    }

    /** Write a number, a literal or other JSON that has only ASCII characters. */
    public final void literal(String value) {
        before();
        for (int i = 0; i < value.length(); i++) {
            write(value.charAt(i));
        }
        comma = true;
    }

    private void before() {
        if (comma) {
            write(',');
        }
    }

    private void quote(CharSequence value) {
        write('"');
        for (int i = 0; i < value.length(); i++) {
            char each = value.charAt(i);
            if (each >= 0x80) {
                i += encode(value, i, each);
            } else if (each < ' ' || each == '"' || each == '\\') {
                escape(each);
            } else {
                write(each);
            }
        }
        write('"');
    }

    private void escape(char each) {
        write('\\');
        switch (each) {
            case '\b':
                write('b');
                break;
            case '\f':
                write('f');
                break;
            case '\n':
                write('n');
                break;
            case '\r':
                write('r');
                break;
            case '\t':
                write('t');
                break;
            case '"':
            case '\\':
                write(each);
                break;
            default:
                write('u');
                write('0');
                write('0');
                write(HEX[each >> 4]);
                write(HEX[each & 15]);
        }
    }

    /** Write a character beyond ASCII; return how many more of the text's characters it took. */
    private int encode(CharSequence value, int index, char each) {
        if (each < 0x800) {
            write(0xc0 | each >> 6);
        } else if (Character.isHighSurrogate(each) && index + 1 < value.length()
                && Character.isLowSurrogate(value.charAt(index + 1))) {
            int code = Character.toCodePoint(each, value.charAt(index + 1));
            write(0xf0 | code >> 18);
            write(0x80 | code >> 12 & 0x3f);
            write(0x80 | code >> 6 & 0x3f);
            write(0x80 | code & 0x3f);
            return 1;
        } else if (Character.isSurrogate(each)) {
            write('?'); // half a character; UTF-8 has no form for it
            return 0;
        } else {
            write(0xe0 | each >> 12);
            write(0x80 | each >> 6 & 0x3f);
        }
        write(0x80 | each & 0x3f);
        return 0;
    }
}
