package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.JsonTree;
import ingle.runtime.json.MappingException;
import java.lang.reflect.Type;

/** What all objects with members have in common. */
abstract class ObjectDecoder extends Decoder {
    final Class<?> raw;

    ObjectDecoder(Class<?> raw) {
        this.raw = raw;
    }

    static Decoder of(Decoders decoders, Type type, Class<?> raw) {
        String[] members = Events.constructor(raw);
        if (members != null) {
            return ConstructorDecoder.ofEvent(decoders, type, raw, members);
        }
        Decoder record = Records.are(raw) ? ConstructorDecoder.ofRecord(decoders, type, raw) : null;
        return record == null ? new BeanDecoder(decoders, type, raw) : record;
    }

    @Override
    final Object read(JsonReader in) throws MappingException {
        switch (in.peek()) {
            case '{':
                return members(in);
            case '[':
                return unwrap(in, raw.getName());
            case '"':
                String text = in.string();
                if (text.isEmpty()) {
                    return null;
                }
                throw Construction.fromText(in, raw, text);
            case JsonReader.NUMBER:
                Number number = JsonTree.readNumber(in);
                String kind = number instanceof Double ? "double/Double"
                        : number instanceof Integer ? "int/Int" : "long/Long";
                throw unmakeable(in, kind, "Number value (" + number + ")");
            default:
                throw unmakeable(in, "boolean/Boolean", "Boolean value (" + in.literal() + ")");
        }
    }

    private MappingException unmakeable(JsonReader in, String kind, String from) {
        return in.problem("Cannot construct instance of `" + raw.getName() + "` (although at least one Creator "
                + "exists): no " + kind + "-argument constructor/factory method to deserialize from " + from);
    }

    /** Read the object that is next. */
    abstract Object members(JsonReader in) throws MappingException;
}
