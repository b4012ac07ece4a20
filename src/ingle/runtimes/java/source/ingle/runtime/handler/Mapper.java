package ingle.runtime.handler;

import com.amazonaws.services.lambda.runtime.CustomPojoSerializer;
import ingle.runtime.bean.Decoder;
import ingle.runtime.bean.Decoders;
import ingle.runtime.bean.Encoders;
import ingle.runtime.json.JsonReader;
import ingle.runtime.json.JsonWriter;
import ingle.runtime.json.MappingException;
import java.io.UncheckedIOException;
import java.lang.reflect.Type;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Iterator;
import java.util.ServiceLoader;

/** Between JSON and objects: the runtime's own way, or the one that the function brings. */
final class Mapper {
    private static final String SERVICE = "META-INF/services/" + CustomPojoSerializer.class.getName();

    private final CustomPojoSerializer custom;
    private final Decoders decoders = new Decoders();
    private final Encoders encoders = new Encoders();

    private Mapper(CustomPojoSerializer custom) {
        this.custom = custom;
    }

    static Mapper of(ClassLoader loader) {
        return new Mapper(find(loader));
    }

    private static CustomPojoSerializer find(ClassLoader loader) {
        URL declared = loader instanceof URLClassLoader
                ? ((URLClassLoader) loader).findResource(SERVICE) : loader.getResource(SERVICE);
        if (declared == null) {
            return null;
        }
        Iterator<CustomPojoSerializer> found = ServiceLoader.load(CustomPojoSerializer.class, loader).iterator();
        CustomPojoSerializer custom = found.hasNext() ? found.next() : null;
        if (found.hasNext()) {
            throw Fault.of("Too many serializers provided inside the META-INF/services folder, only one is allowed");
        }
        return custom;
    }

    /** Find out at once what a type can be read with. */
    void prepare(Type type) {
        if (custom == null) {
            decoders.of(type);
        }
    }

    /** Return the event as an object of this type. */
    Object read(Invocation invocation, Type type) {
        if (custom != null) {
            return custom.fromJson(invocation.stream(), type);
        }
        try {
            Decoder decoder = decoders.of(type);
            return decoder.decode(
                    new JsonReader(invocation.body, invocation.event, invocation.body.length - invocation.event));
        } catch (MappingException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Write the answer, which the handler declares to be of this type. */
    void write(JsonWriter out, Object value, Type type) {
        if (custom != null) {
            custom.toJson(value, out, type);
            return;
        }
        try {
            encoders.write(out, value, type);
        } catch (MappingException error) {
            throw new UncheckedIOException(error);
        }
    }
}
