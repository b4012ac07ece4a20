package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.MappingException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.HashMap;
import java.util.Map;

/** Objects that are made empty and filled through setters and public fields; other members are passed over. */
final class BeanDecoder extends ObjectDecoder {
    private final Map<String, Member> members;

    BeanDecoder(Decoders decoders, Type type, Class<?> raw) {
        super(raw);
        this.members = find(decoders, type, raw);
    }

    @Override
    Object members(JsonReader in) throws MappingException {
        Object bean = Construction.make(raw, in);
        in.open();
        String name = in.nextName(true);
        while (name != null) {
            Member member = members.get(name);
            if (member == null) {
                in.skip();
            } else {
                try {
                    member.set(bean, in);
                } catch (MappingException error) {
                    throw error.in(raw, name);
                }
            }
            name = in.nextName(false);
        }
        return bean;
    }

    private static Map<String, Member> find(Decoders decoders, Type type, Class<?> raw) {
        boolean event = Events.has(raw);
        Map<String, Member> members = new HashMap<>();
        for (Class<?> each = raw; each != null && each != Object.class; each = each.getSuperclass()) {
            for (Method method : each.getDeclaredMethods()) {
                String property = Names.set(method);
                String name = property == null || !event ? property : Events.rename(raw, property);
                Member known = name == null ? null : members.get(name);
                if (name != null && (known == null || known.yieldsTo(method)) && Access.open(method)) {
                    Type value = Types.within(type, each, method.getGenericParameterTypes()[0]);
                    members.put(name, new Member(decoders, value, method, null));
                }
            }
        }
        for (Field field : raw.getFields()) {
            String name = event ? Events.rename(raw, field.getName()) : field.getName();
            if (name != null && !Modifier.isStatic(field.getModifiers()) && !members.containsKey(name)
                    && Access.open(field)) {
                Type value = Types.within(type, field.getDeclaringClass(), field.getGenericType());
                members.put(name, new Member(decoders, value, null, field));
            }
        }
        return members;
    }

    /** A setter or field. */
    private static final class Member {
        private final Decoders decoders;
        private final Type type;
        private final Method setter;
        private final Field field;
        private Decoder decoder;

        Member(Decoders decoders, Type type, Method setter, Field field) {
            this.decoders = decoders;
            this.type = type;
            this.setter = setter;
            this.field = field;
        }

        /** Of several setters of one class, one that takes a primitive comes first, then one of a text. */
        boolean yieldsTo(Method other) {
            return setter.getDeclaringClass() == other.getDeclaringClass()
                    && rank(other.getParameterTypes()[0]) > rank(Types.raw(type));
        }

        private static int rank(Class<?> type) {
            return type.isPrimitive() ? 2 : type == String.class ? 1 : 0;
        }

        void set(Object bean, JsonReader in) throws MappingException {
            if (decoder == null) {
                decoder = decoders.of(type, bean.getClass());
            }
            Object value = decoder.decode(in);
            try {
                if (setter != null) {
                    setter.invoke(bean, value);
                } else {
                    field.set(bean, value);
                }
            } catch (ReflectiveOperationException error) {
                Throwable cause = error.getCause() == null ? error : error.getCause();
                throw new MappingException(String.valueOf(cause.getMessage()), in.place(), cause);
            }
        }
    }
}
