package ingle.runtime.json;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON as maps, lists, strings, numbers and Booleans. */
public final class JsonTree {
    private JsonTree() {}

    /** Read whatever value is next. */
    public static Object read(JsonReader in) throws MappingException {
        switch (in.peek()) {
            case '{':
                return readMap(in);
            case '[':
                return readList(in);
            case '"':
                return in.string();
            case JsonReader.NUMBER:
                return readNumber(in);
            case 't':
            case 'f':
            case 'n':
                return in.literal();
            default:
                throw in.unexpected();
        }
    }

    private static Map<String, Object> readMap(JsonReader in) throws MappingException {
        Map<String, Object> map = new LinkedHashMap<>();
        in.open();
        String name = in.nextName(true);
        while (name != null) {
            map.put(name, read(in));
            name = in.nextName(false);
        }
        return map;
    }

    private static List<Object> readList(JsonReader in) throws MappingException {
        List<Object> list = new ArrayList<>();
        in.open();
        boolean more = in.nextElement(true);
        while (more) {
            list.add(read(in));
            more = in.nextElement(false);
        }
        return list;
    }

    /** Read the number that is next as the smallest type that holds it: Integer, Long, BigInteger, Double. */
    public static Number readNumber(JsonReader in) throws MappingException {
        String text = in.number();
        try {
            return number(text);
        } catch (NumberFormatException error) {
            throw in.problem("Malformed numeric value (" + text + ")");
        }
    }

    /** The same of a text; raises NumberFormatException where it is no number. */
    public static Number number(String text) {
        if (text.indexOf('.') >= 0 || text.indexOf('e') >= 0 || text.indexOf('E') >= 0) {
            return Double.valueOf(text);
        }
        if (text.length() > 18) {
            BigInteger big = new BigInteger(text);
            return big.bitLength() < 64 ? (Number) big.longValue() : big;
        }
        long value = Long.parseLong(text);
        if (value == (int) value) {
            return (int) value;
        }
        return value;
    }
}
