package ingle.runtime.bean;

import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

/** What generic types mean where they are used. */
public final class Types {
    private Types() {}

    /** Return the class of a type; of a type variable or wildcard, that of its first bound. */
    public static Class<?> raw(Type type) {
        if (type instanceof Class) {
            return (Class<?>) type;
        }
        if (type instanceof ParameterizedType) {
            return (Class<?>) ((ParameterizedType) type).getRawType();
        }
        if (type instanceof GenericArrayType) {
            return Array.newInstance(raw(((GenericArrayType) type).getGenericComponentType()), 0).getClass();
        }
        return raw(bound(type));
    }

    private static Type bound(Type type) {
        return type instanceof WildcardType
                ? ((WildcardType) type).getUpperBounds()[0]
                : ((TypeVariable<?>) type).getBounds()[0];
    }

    /**
     * Return what a type's class or interface is given as type arguments.
     *
     * @return the arguments, which may hold type variables that nothing says more about; null where
     *     the type is no kind of that class, or names it without arguments
     */
    public static Type[] arguments(Type type, Class<?> of) {
        Class<?> raw = raw(type);
        if (!of.isAssignableFrom(raw)) {
            return null;
        }
        Map<TypeVariable<?>, Type> variables = variables(type);
        if (raw == of) {
            return type instanceof ParameterizedType ? ((ParameterizedType) type).getActualTypeArguments() : null;
        }
        for (Type parent : raw.getGenericInterfaces()) {
            Type[] found = arguments(substitute(parent, variables), of);
            if (found != null) {
                return found;
            }
        }
        Type parent = raw.getGenericSuperclass();
        return parent == null ? null : arguments(substitute(parent, variables), of);
    }

    /** Return one of the type arguments that {@link #arguments} finds; Object where there is none. */
    public static Type argument(Type type, Class<?> of, int index) {
        Type[] arguments = arguments(type, of);
        return arguments == null ? Object.class : arguments[index];
    }

    /** Return a type that is mentioned in a class, as it is for this use of the class. */
    public static Type within(Type owner, Class<?> declaring, Type mentioned) {
        if (mentioned instanceof Class) {
            return mentioned;
        }
        Type use = owner;
        while (use != null && raw(use) != declaring) {
            Type parent = raw(use).getGenericSuperclass();
            use = parent == null ? null : substitute(parent, variables(use));
        }
        return use == null ? mentioned : substitute(mentioned, variables(use));
    }

    private static Map<TypeVariable<?>, Type> variables(Type type) {
        if (!(type instanceof ParameterizedType)) {
            return Collections.emptyMap();
        }
        Map<TypeVariable<?>, Type> variables = new HashMap<>();
        TypeVariable<?>[] names = raw(type).getTypeParameters();
        Type[] values = ((ParameterizedType) type).getActualTypeArguments();
        for (int i = 0; i < names.length; i++) {
            variables.put(names[i], values[i]);
        }
        return variables;
    }

    private static Type substitute(Type type, Map<TypeVariable<?>, Type> variables) {
        if (type instanceof TypeVariable) {
            Type known = variables.get(type);
            return known == null ? type : known;
        }
        if (type instanceof ParameterizedType) {
            Type[] arguments = ((ParameterizedType) type).getActualTypeArguments();
            for (int i = 0; i < arguments.length; i++) {
                arguments[i] = substitute(arguments[i], variables);
            }
            return new Parameterized((ParameterizedType) type, arguments);
        }
        if (type instanceof GenericArrayType) {
            Type component = substitute(((GenericArrayType) type).getGenericComponentType(), variables);
            return new GenericArrayType() {
                @Override
                public Type getGenericComponentType() {
                    return component;
                }
            };
        }
        return type instanceof WildcardType ? substitute(bound(type), variables) : type;
    }

    /** A generic type with other arguments than where it was written. */
    private static final class Parameterized implements ParameterizedType {
        private final ParameterizedType written;
        private final Type[] arguments;

        Parameterized(ParameterizedType written, Type[] arguments) {
            this.written = written;
            this.arguments = arguments;
        }

        @Override
        public Type[] getActualTypeArguments() {
            return arguments.clone();
        }

        @Override
        public Type getRawType() {
            return written.getRawType();
        }

        @Override
        public Type getOwnerType() {
            return written.getOwnerType();
        }

        @Override
        public String getTypeName() {
            StringBuilder name = new StringBuilder(written.getRawType().getTypeName());
            String mark = "<";
            for (Type each : arguments) {
                name.append(mark).append(each.getTypeName());
                mark = ",";
            }
            return name.append('>').toString();
        }

        @Override
        public String toString() {
            return getTypeName();
        }
    }
}
