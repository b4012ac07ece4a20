package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.MappingException;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** Maps; names of members become keys by way of the decoder of the key's type. */
final class MapDecoder extends Decoder {
    private final Class<?> type;
    private final String arguments;
    private final Class<?> keyType;
    private final Decoder key;
    private final Decoder value;

    MapDecoder(Decoders decoders, Type type, Class<?> raw) {
        this.type = raw;
        Type keys = Types.argument(type, Map.class, 0);
        this.keyType = Types.raw(keys);
        this.key = keyType.isAssignableFrom(String.class) ? null : decoders.of(keys);
        Type values = Types.argument(type, Map.class, 1);
        this.value = decoders.of(values);
        this.arguments = "<" + keys.getTypeName() + "," + values.getTypeName() + ">";
    }

    @Override
    Object read(JsonReader in) throws MappingException {
        int next = in.peek();
        if (next == '[') {
            return unwrap(in, type.getName());
        }
        if (next == '"') {
            String text = in.string();
            if (text.trim().isEmpty()) {
                return null;
            }
            throw Construction.fromText(in, make(in).getClass(), text);
        }
        Map<Object, Object> map = make(in);
        if (next != '{') {
            throw mismatch(in, map.getClass().getName() + arguments);
        }
        in.open();
        String name = in.nextName(true);
        while (name != null) {
            try {
                Object made = key == null ? name : key(in, name);
                Object content = value.decode(in);
                if (made != null) {
                    map.put(made, content);
                }
            } catch (MappingException error) {
                throw error.in(map.getClass(), name);
            }
            name = in.nextName(false);
        }
        return map;
    }

    private Object key(JsonReader in, String name) throws MappingException {
        Object made = key instanceof EnumDecoder
                ? ((EnumDecoder) key).named(name) : key.decode(JsonReader.of(quoted(name)));
        if (made == null && type != EnumMap.class) {
            throw in.problem("Cannot deserialize Map key of type `" + keyType.getName() + "` from String \"" + name
                    + "\": not a valid representation");
        }
        return made;
    }

    private static String quoted(String name) {
        return '"' + name.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private Map<Object, Object> make(JsonReader in) throws MappingException {
        if (type.isAssignableFrom(LinkedHashMap.class)) {
            return new LinkedHashMap<>();
        }
        if (type.isAssignableFrom(TreeMap.class)) {
            return new TreeMap<>();
        }
        if (type.isAssignableFrom(ConcurrentHashMap.class)) {
            return new ConcurrentHashMap<>();
        }
        if (type == EnumMap.class) {
            return new EnumMap(keyType);
        }
        if (Modifier.isAbstract(type.getModifiers())) {
            throw in.problem("Cannot construct instance of `" + type.getName()
                    + "` (no Creators, like default constructor, exist): abstract types need to be "
                    + "mapped to concrete types");
        }
        return (Map<Object, Object>) Construction.make(type, in);
    }
}
