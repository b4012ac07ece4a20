package ingle.runtime;

import com.amazonaws.services.lambda.runtime.Client;
import com.amazonaws.services.lambda.runtime.ClientContext;
import ingle.runtime.json.JsonReader;
import ingle.runtime.json.JsonTree;
import ingle.runtime.json.MappingException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The client context that a caller sent. */
final class FunctionClientContext implements ClientContext {
    private final Map<?, ?> values;

    private FunctionClientContext(Map<?, ?> values) {
        this.values = values;
    }

    /** Return what the JSON says; null where there is none. */
    static ClientContext of(String json) throws MappingException {
        if (json.isEmpty()) {
            return null;
        }
        Object values = JsonTree.read(JsonReader.of(json));
        return values instanceof Map ? new FunctionClientContext((Map<?, ?>) values) : null;
    }

    @Override
    public Client getClient() {
        return values.get("client") instanceof Map ? new FunctionClient((Map<?, ?>) values.get("client")) : null;
    }

    @Override
    public Map<String, String> getCustom() {
        return texts(values.get("custom"));
    }

    @Override
    public Map<String, String> getEnvironment() {
        return texts(values.get("env"));
    }

    private static Map<String, String> texts(Object values) {
        if (!(values instanceof Map)) {
            return null;
        }
        Map<String, String> texts = new LinkedHashMap<>();
        for (Map.Entry<?, ?> each : ((Map<?, ?>) values).entrySet()) {
            texts.put(each.getKey().toString(), each.getValue() == null ? null : each.getValue().toString());
        }
        return texts;
    }
}
