package ingle.runtime.bean;

import ingle.runtime.json.JsonWriter;
import ingle.runtime.json.MappingException;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.temporal.Temporal;
import java.util.Collection;
import java.util.Collections;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Map;

/** Objects with members: what getters and public fields give, in the order of the fields. */
final class BeanEncoder implements Encoder {
    private final Encoders encoders;
    private final Class<?> type;
    private final boolean event;
    private final Collection<Member> members;

    BeanEncoder(Encoders encoders, Class<?> type) {
        this.encoders = encoders;
        this.type = type;
        this.event = Events.has(type);
        this.members = find();
    }

    /** Whether there is nothing to write. */
    boolean isEmpty() {
        return members.isEmpty();
    }

    @Override
    public void write(JsonWriter out, Object bean) throws MappingException {
        out.open('{');
        for (Member member : members) {
            try {
                Object value = member.get(bean);
                if (value != null) {
                    out.name(member.name);
                    writeMember(out, value);
                }
            } catch (MappingException error) {
                throw error.in(type, member.name);
            }
        }
        out.close('}');
    }

    private void writeMember(JsonWriter out, Object value) throws MappingException {
        if (event && value instanceof Date) {
            out.literal(Double.toString(((Date) value).getTime() / 1000.0));
        } else if (event && value instanceof Temporal) {
            out.string(value.toString());
        } else {
            encoders.write(out, value);
        }
    }

    private Collection<Member> find() {
        Map<String, Member> found = new LinkedHashMap<>();
        if (Records.are(type)) {
            for (Method method : Records.accessors(type)) {
                add(found, method.getName(), method, null);
            }
        }
        reserve(found, type);
        for (Method method : type.getMethods()) {
            String property = Names.given(method);
            if (property != null) {
                add(found, property, method, null);
            }
        }
        for (Field field : type.getFields()) {
            int modifiers = field.getModifiers();
            if (!Modifier.isStatic(modifiers) && !Modifier.isTransient(modifiers)) {
                add(found, field.getName(), null, field);
            }
        }
        found.values().removeAll(Collections.singleton(null));
        return found.values();
    }

    /** Keep places in the order in which the fields are declared, those of the parents first. */
    private static void reserve(Map<String, Member> found, Class<?> type) {
        if (type == null || type == Object.class) {
            return;
        }
        reserve(found, type.getSuperclass());
        for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())) {
                found.putIfAbsent(field.getName(), null);
            }
        }
    }

    private void add(Map<String, Member> found, String property, Method getter, Field field) {
        Member known = found.get(property);
        boolean better = known == null || getter != null && known.getter != null
                && known.getter.getName().startsWith("is") && getter.getName().startsWith("get");
        String name = event ? Events.rename(type, property) : property;
        if (better && name != null && (getter == null ? Access.open(field) : Access.open(getter))) {
            found.put(property, new Member(name, getter, field));
        }
    }

    /** A getter or field. */
    private static final class Member {
        private final String name;
        private final Method getter;
        private final Field field;

        Member(String name, Method getter, Field field) {
            this.name = name;
            this.getter = getter;
            this.field = field;
        }

        Object get(Object bean) throws MappingException {
            try {
                return getter == null ? field.get(bean) : getter.invoke(bean);
            } catch (InvocationTargetException error) {
                Throwable cause = error.getCause();
                throw new MappingException(String.valueOf(cause.getMessage()), "", cause);
            } catch (IllegalAccessException error) {
                throw new MappingException(error.getMessage(), "", error);
            }
        }
    }
}
