package ingle.runtime.handler;

import com.amazonaws.services.lambda.runtime.Context;
import ingle.runtime.json.JsonWriter;
import java.lang.reflect.Type;

/** A handler whose event and answer are objects. */
final class ObjectHandler implements Handler {
    private final Call call;
    private final Mapper mapper;
    private final Type input;
    private final Type output;

    /**
     * Make one.
     *
     * @param input what the event becomes; null where it is not wanted
     * @param output what the answer is; null where there is none
     */
    ObjectHandler(Call call, Mapper mapper, Type input, Type output) {
        this.call = call;
        this.mapper = mapper;
        this.input = input;
        this.output = output;
        if (input != null) {
            mapper.prepare(input);
        }
    }

    @Override
    public void handle(Invocation invocation, Context context, JsonWriter out) throws Throwable {
        Object event;
        try {
            event = input == null ? null : mapper.read(invocation, input);
        } catch (Throwable error) {
            throw new RuntimeException("An error occurred during JSON parsing", Traces.cut(error));
        }
        Object answer = call.call(event, context);
        if (output == null) {
            out.literal("null");
            return;
        }
        try {
            mapper.write(out, answer, output);
        } catch (Throwable error) {
            throw new RuntimeException("An error occurred during JSON serialization of response", Traces.cut(error));
        }
    }
}
