package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.JsonTree;
import ingle.runtime.json.MappingException;
import java.math.BigDecimal;
import java.math.BigInteger;

/** Texts, numbers and truth values; each is also read from the others where that makes sense. */
final class ScalarDecoder extends Decoder {
    private enum Kind {
        STRING, BOOLEAN, BYTE, SHORT, INT, LONG, FLOAT, DOUBLE, CHAR, INTEGER, DECIMAL, NUMBER
    }

    private final Kind kind;
    private final Class<?> type;

    private ScalarDecoder(Kind kind, Class<?> type) {
        this.kind = kind;
        this.type = type;
    }

    static Decoder of(Class<?> type) {
        Kind kind = kindOf(type);
        return kind == null ? null : new ScalarDecoder(kind, type);
    }

    private static Kind kindOf(Class<?> type) {
        if (type == String.class || type == CharSequence.class) {
            return Kind.STRING;
        }
        if (type == int.class || type == Integer.class) {
            return Kind.INT;
        }
        if (type == boolean.class || type == Boolean.class) {
            return Kind.BOOLEAN;
        }
        if (type == long.class || type == Long.class) {
            return Kind.LONG;
        }
        if (type == double.class || type == Double.class) {
            return Kind.DOUBLE;
        }
        if (type == float.class || type == Float.class) {
            return Kind.FLOAT;
        }
        if (type == short.class || type == Short.class) {
            return Kind.SHORT;
        }
        if (type == byte.class || type == Byte.class) {
            return Kind.BYTE;
        }
        if (type == char.class || type == Character.class) {
            return Kind.CHAR;
        }
        if (type == BigDecimal.class) {
            return Kind.DECIMAL;
        }
        if (type == BigInteger.class) {
            return Kind.INTEGER;
        }
        return type == Number.class ? Kind.NUMBER : null;
    }

    @Override
    Object absent() {
        if (!type.isPrimitive()) {
            return null;
        }
        switch (kind) {
            case BOOLEAN:
                return false;
            case CHAR:
                return '\0';
            default:
                return round(BigDecimal.ZERO);
        }
    }

    @Override
    Object empty(JsonReader in, String name) throws MappingException {
        if (type.isPrimitive()) {
            throw in.problem("Cannot deserialize value of type `" + name
                    + "` from Array value (token `JsonToken.END_ARRAY`)");
        }
        return null;
    }

    @Override
    Object read(JsonReader in) throws MappingException {
        int next = in.peek();
        if (next == '[') {
            return unwrap(in, type.getName());
        }
        if (next == '{') {
            throw mismatch(in, type.getName());
        }
        switch (kind) {
            case STRING:
                return next == '"' ? in.string() : next == JsonReader.NUMBER ? in.number() : in.literal().toString();
            case BOOLEAN:
                return truth(in, next);
            case CHAR:
                return character(in, next);
            default:
                return number(in, next);
        }
    }

    private Object truth(JsonReader in, int next) throws MappingException {
        if (next == 't' || next == 'f') {
            return in.literal();
        }
        if (next == JsonReader.NUMBER) {
            return whole(in, type.getName(), Long.MIN_VALUE, Long.MAX_VALUE) != 0;
        }
        String text = in.string();
        switch (text.trim()) {
            case "":
                return absent();
            case "true":
            case "True":
            case "TRUE":
                return true;
            case "false":
            case "False":
            case "FALSE":
                return false;
            default:
                throw weird(in, type.getName(), text, "only \"true\" or \"false\" recognized");
        }
    }

    private Object character(JsonReader in, int next) throws MappingException {
        if (next == JsonReader.NUMBER) {
            return (char) whole(in, type.getName(), 0, Character.MAX_VALUE);
        }
        if (next != '"') {
            throw mismatch(in, type.getName());
        }
        String text = in.string();
        if (text.length() == 1) {
            return text.charAt(0);
        }
        if (text.isEmpty()) {
            return absent();
        }
        throw weird(in, type.getName(), text, "Expected either Integer value code or 1-character String");
    }

    private Object number(JsonReader in, int next) throws MappingException {
        if (next == JsonReader.NUMBER && kind == Kind.NUMBER) {
            return JsonTree.readNumber(in);
        }
        if (next == 't' || next == 'f') {
            throw mismatch(in, type.getName());
        }
        String text = next == '"' ? in.string().trim() : in.number();
        if (text.isEmpty()) {
            return absent();
        }
        try {
            switch (kind) {
                case FLOAT:
                    return Float.valueOf(text);
                case DOUBLE:
                    return Double.valueOf(text);
                case DECIMAL:
                    return new BigDecimal(text);
                case NUMBER:
                    return JsonTree.number(text);
                default:
                    return next == '"' ? integer(in, new BigDecimal(new BigInteger(text))) : integer(in, text);
            }
        } catch (NumberFormatException error) {
            throw weird(in, type.getName(), text, "not a valid " + wanted());
        }
    }

    private String wanted() {
        switch (kind) {
            case INTEGER:
            case DECIMAL:
                return "representation";
            case NUMBER:
                return "number";
            case FLOAT:
            case DOUBLE:
                return "`" + type.getName() + "` value (as String to convert)";
            default:
                return "`" + type.getName() + "` value";
        }
    }

    private Object integer(JsonReader in, String text) throws MappingException {
        if (text.length() < 10 && text.indexOf('.') < 0 && text.indexOf('e') < 0 && text.indexOf('E') < 0) {
            int value = Integer.parseInt(text);
            if (kind == Kind.INT) {
                return value;
            }
            if (kind == Kind.LONG) {
                return (long) value;
            }
        }
        return integer(in, new BigDecimal(text));
    }

    private Object integer(JsonReader in, BigDecimal value) throws MappingException {
        if (kind == Kind.INTEGER) {
            return value.toBigInteger();
        }
        long widest = kind == Kind.LONG ? Long.MIN_VALUE : Integer.MIN_VALUE;
        if (!fits(value, widest, -1 - widest)) {
            throw in.problem("Numeric value (" + value + ") out of range of " + (kind == Kind.LONG ? "long" : "int")
                    + " (" + widest + " - " + (-1 - widest) + ")");
        }
        // A byte may also be written without its sign.
        if (kind == Kind.SHORT && !fits(value, Short.MIN_VALUE, Short.MAX_VALUE)
                || kind == Kind.BYTE && !fits(value, Byte.MIN_VALUE, 255)) {
            throw in.problem("Numeric value (" + value + ") out of range of Java "
                    + (kind == Kind.SHORT ? "short" : "byte"));
        }
        return round(value);
    }

    private static boolean fits(BigDecimal value, long least, long most) {
        return value.precision() - value.scale() <= 20
                && value.toBigInteger().compareTo(BigInteger.valueOf(least)) >= 0
                && value.toBigInteger().compareTo(BigInteger.valueOf(most)) <= 0;
    }

    private Object round(BigDecimal value) {
        switch (kind) {
            case BYTE:
                return value.byteValue();
            case SHORT:
                return value.shortValue();
            case INT:
                return value.intValue();
            case LONG:
                return value.longValue();
            case FLOAT:
                return value.floatValue();
            default:
                return value.doubleValue();
        }
    }
}
