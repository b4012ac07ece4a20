package ingle.runtime.json;

import java.nio.charset.StandardCharsets;

/** Reads JSON a token at a time, from bytes in UTF-8. */
public final class JsonReader {
    /** What {@link #peek} gives at the end of the text. */
    public static final int END = -1;
    /** What {@link #peek} gives before a number. */
    public static final int NUMBER = '0';

    private static final int MOST_DEPTH = 1000;

    private final byte[] text;
    private final int start;
    private final int end;
    private int at;
    private int token;
    private int depth;

    /** Read a part of these bytes. */
    public JsonReader(byte[] text, int start, int length) {
        this.text = text;
        this.start = start;
        this.end = start + length;
        this.at = start;
    }

    /** Read a text. */
    public static JsonReader of(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new JsonReader(bytes, 0, bytes.length);
    }

    /** Return the first character of the next token: one of { } [ ] " t f n, NUMBER or END. */
    public int peek() throws MappingException {
        while (at < end) {
            byte each = text[at];
            if (each == ' ' || each == '\n' || each == '\r' || each == '\t') {
                at++;
            } else if (each == '-' || each >= '0' && each <= '9') {
                token = at;
                return NUMBER;
            } else if (each == '{' || each == '}' || each == '[' || each == ']' || each == '"'
                    || each == 't' || each == 'f' || each == 'n') {
                token = at;
                return each;
            } else {
                throw unexpected();
            }
        }
        return END;
    }

    /** Step into the object or array that is next. */
    public void open() throws MappingException {
        if (++depth > MOST_DEPTH) {
            throw problem("Document nesting depth (" + depth + ") exceeds the maximum allowed (" + MOST_DEPTH + ")");
        }
        at++;
    }

    /**
     * Step to the next element of the array that was opened.
     *
     * @param first whether none was read yet
     * @return false after the last one; the array is left
     */
    public boolean nextElement(boolean first) throws MappingException {
        return next(first, ']');
    }

    /**
     * Step to the next member of the object that was opened.
     *
     * @param first whether none was read yet
     * @return its name; null after the last one, and the object is left
     */
    public String nextName(boolean first) throws MappingException {
        if (!next(first, '}')) {
            return null;
        }
        if (peek() != '"') {
            throw unexpected();
        }
        String name = string();
        skipSpace();
        if (at >= end || text[at] != ':') {
            throw unexpected();
        }
        at++;
        return name;
    }

    private boolean next(boolean first, char close) throws MappingException {
        skipSpace();
        if (at < end && text[at] == close) {
            at++;
            depth--;
            return false;
        }
        if (!first) {
            if (at >= end || text[at] != ',') {
                throw unexpected();
            }
            at++;
        }
        return true;
    }

    /** Read the string that is next. */
    public String string() throws MappingException {
        int from = ++at;
        boolean plain = true;
        while (at < end) {
            byte each = text[at];
            if (each == '"') {
                // Most texts are ASCII, for which no decoder need be run.
                String value = new String(text, from, at - from,
                        plain ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8);
                at++;
                return value;
            }
            if (each == '\\') {
                return escapedString(from);
            }
            if (each < 0) {
                plain = false;
            }
            at++;
        }
        throw unexpected();
    }

    private String escapedString(int from) throws MappingException {
        StringBuilder value = new StringBuilder();
        int done = from;
        while (at < end) {
            byte each = text[at];
            if (each == '"') {
                value.append(new String(text, done, at - done, StandardCharsets.UTF_8));
                at++;
                return value.toString();
            }
            if (each == '\\') {
                value.append(new String(text, done, at - done, StandardCharsets.UTF_8));
                at++;
                value.append(escape());
                done = at;
            } else {
                at++;
            }
        }
        throw unexpected();
    }

    private char escape() throws MappingException {
        if (at >= end) {
            throw unexpected();
        }
        byte each = text[at++];
        switch (each) {
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = at < end ? Character.digit(text[at], 16) : -1;
                    if (digit < 0) {
                        throw unexpected();
                    }
                    code = code * 16 + digit;
                    at++;
                }
                return (char) code;
            default:
                return (char) each;
        }
    }

    /** Pass over the value that is next if it is an empty string; say whether it was. */
    public boolean skipEmptyString() throws MappingException {
        boolean empty = peek() == '"' && at + 1 < end && text[at + 1] == '"';
        at += empty ? 2 : 0;
        return empty;
    }

    /** Read the number that is next, as it is written. */
    public String number() {
        int from = at;
        while (at < end) {
            byte each = text[at];
            if (each >= '0' && each <= '9' || each == '-' || each == '+' || each == '.' || each == 'e' || each == 'E') {
                at++;
            } else {
                break;
            }
        }
        return new String(text, from, at - from, StandardCharsets.ISO_8859_1);
    }

    private boolean isWhole() {
        for (int i = at; i < end && "-+.eE0123456789".indexOf(text[i]) >= 0; i++) {
            if (".eE".indexOf(text[i]) >= 0) {
                return false;
            }
        }
        return true;
    }

    /** Read the literal that is next: true, false or null. */
    public Boolean literal() throws MappingException {
        Boolean value = text[at] == 'n' ? null : Boolean.valueOf(text[at] == 't');
        String word = String.valueOf(value);
        for (int i = 0; i < word.length(); i++) {
            if (at >= end || text[at] != word.charAt(i)) {
                throw unexpected();
            }
            at++;
        }
        return value;
    }

    /** Pass over the value that is next. */
    public void skip() throws MappingException {
        switch (peek()) {
            case '{':
                open();
                for (boolean first = true; nextName(first) != null; first = false) {
                    skip();
                }
                break;
            case '[':
                open();
                for (boolean first = true; nextElement(first); first = false) {
                    skip();
                }
                break;
            case '"':
                string();
                break;
            case NUMBER:
                number();
                break;
            case 't':
            case 'f':
            case 'n':
                literal();
                break;
            default:
                throw unexpected();
        }
    }

    private void skipSpace() {
        while (at < end && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) {
            at++;
        }
    }

    /** Say what is wrong with the JSON itself. */
    public MappingException unexpected() {
        token = at;
        return problem(at >= end
                ? "Unexpected end-of-input"
                : "Unexpected character ('" + (char) (text[at] & 0xff) + "' (code " + (text[at] & 0xff) + "))");
    }

    /** Describe a problem with the token that {@link #peek} found last. */
    public MappingException problem(String what) {
        return new MappingException(what, place());
    }

    /** Say where that token begins. */
    public String place() {
        int line = 1;
        int column = 1;
        for (int i = start; i < token; i++) {
            if (text[i] == '\n') {
                line++;
                column = 1;
            } else {
                column++;
            }
        }
        return "[Source: (ByteArrayInputStream); line: " + line + ", column: " + column + "]";
    }

    /** Name the next token as AWS's parser does. */
    public String token() throws MappingException {
        switch (peek()) {
            case '{':
                return "Object value (token `JsonToken.START_OBJECT`)";
            case '[':
                return "Array value (token `JsonToken.START_ARRAY`)";
            case '"':
                return "String value (token `JsonToken.VALUE_STRING`)";
            case NUMBER:
                return isWhole()
                        ? "Integer value (token `JsonToken.VALUE_NUMBER_INT`)"
                        : "Floating-point value (token `JsonToken.VALUE_NUMBER_FLOAT`)";
            case 't':
            case 'f':
                return "Boolean value (token `JsonToken.VALUE_" + (peek() == 't' ? "TRUE" : "FALSE") + "`)";
            case 'n':
                return "Null value (token `JsonToken.VALUE_NULL`)";
            default:
                throw unexpected();
        }
    }
}
