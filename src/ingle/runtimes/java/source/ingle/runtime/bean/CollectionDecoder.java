package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.MappingException;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedList;
import java.util.TreeSet;

/** Lists, sets and queues; a value that is no array is taken for its only element. */
final class CollectionDecoder extends Decoder {
    private final Class<?> type;
    private final Decoder element;
    private final Class<?> elementType;

    CollectionDecoder(Decoders decoders, Type type, Class<?> raw) {
        this.type = raw;
        Type argument = Types.argument(type, Iterable.class, 0);
        this.elementType = Types.raw(argument);
        this.element = decoders.of(argument);
    }

    /** Whether it can make one of this class. */
    static boolean fits(Class<?> type) {
        return Collection.class.isAssignableFrom(type) || type == Iterable.class;
    }

    @Override
    Object read(JsonReader in) throws MappingException {
        Collection<Object> collection = make(in);
        if (in.peek() != '[') {
            if (in.skipEmptyString()) {
                return null;
            }
            collection.add(element.decode(in));
            return collection;
        }
        in.open();
        boolean more = in.nextElement(true);
        while (more) {
            try {
                collection.add(element.decode(in));
            } catch (MappingException error) {
                throw error.in(collection.getClass(), collection.size());
            }
            more = in.nextElement(false);
        }
        return collection;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private Collection<Object> make(JsonReader in) throws MappingException {
        if (type.isAssignableFrom(ArrayList.class)) {
            return new ArrayList<>();
        }
        if (type.isAssignableFrom(HashSet.class)) {
            return new HashSet<>();
        }
        if (type.isAssignableFrom(TreeSet.class)) {
            return (Collection) new TreeSet<>();
        }
        if (type.isAssignableFrom(LinkedList.class)) {
            return new LinkedList<>();
        }
        if (type == EnumSet.class) {
            return (Collection) EnumSet.noneOf((Class) elementType);
        }
        if (Modifier.isAbstract(type.getModifiers())) {
            throw in.problem("Cannot construct instance of `" + type.getName()
                    + "` (no Creators, like default constructor, exist): abstract types need to be "
                    + "mapped to concrete types");
        }
        return (Collection<Object>) Construction.make(type, in);
    }
}
