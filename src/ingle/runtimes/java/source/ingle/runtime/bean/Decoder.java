package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.JsonTree;
import ingle.runtime.json.MappingException;
import java.math.BigInteger;

/** From JSON to objects of one type. */
public abstract class Decoder {
    /** Read the value that is next. */
    public final Object decode(JsonReader in) throws MappingException {
        if (in.peek() == 'n') {
            in.literal();
            return absent();
        }
        return read(in);
    }

    /** What null becomes. */
    Object absent() {
        return null;
    }

    /** Read the value that is next, which is not null. */
    abstract Object read(JsonReader in) throws MappingException;

    /** Read the only element of the array that is next; an empty one is like null. */
    final Object unwrap(JsonReader in, String type) throws MappingException {
        in.open();
        if (!in.nextElement(true)) {
            return empty(in, type);
        }
        if (in.peek() == '[') {
            throw in.problem("Cannot deserialize instance of `" + type + "` out of START_ARRAY token: nested Arrays "
                    + "not allowed with DeserializationFeature.UNWRAP_SINGLE_VALUE_ARRAYS");
        }
        Object value = decode(in);
        if (in.nextElement(false)) {
            throw in.problem("Attempted to unwrap '" + type + "' value from an array (with "
                    + "`DeserializationFeature.UNWRAP_SINGLE_VALUE_ARRAYS`) but it contains more than one value");
        }
        return value;
    }

    /** What an empty array becomes, where a single value is wanted. */
    Object empty(JsonReader in, String type) throws MappingException {
        return absent();
    }

    /** Read a number that must be whole, and no larger than this type. */
    static long whole(JsonReader in, String type, long least, long most) throws MappingException {
        Number number = JsonTree.readNumber(in);
        if (number instanceof Double) {
            throw in.problem("Cannot deserialize value of type `" + type
                    + "` from Floating-point value (token `JsonToken.VALUE_NUMBER_FLOAT`)");
        }
        if (number instanceof BigInteger || number.longValue() < least || number.longValue() > most) {
            throw in.problem("Numeric value (" + number + ") out of range of " + type + " (" + least + " - " + most
                    + ")");
        }
        return number.longValue();
    }

    /** Say that the value that is next cannot become this type. */
    static MappingException mismatch(JsonReader in, String type) throws MappingException {
        return in.problem("Cannot deserialize value of type `" + type + "` from " + in.token());
    }

    /** Say that a text cannot become this type. */
    static MappingException weird(JsonReader in, String type, String text, String why) {
        return in.problem("Cannot deserialize value of type `" + type + "` from String \"" + text + "\": " + why);
    }
}
