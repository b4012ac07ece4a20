package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.JsonTree;
import ingle.runtime.json.MappingException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Base64;

/** Bytes: Base64, or an array of numbers. */
final class BytesDecoder extends Decoder {
    private final Class<?> type;

    BytesDecoder(Class<?> type) {
        this.type = type;
    }

    @Override
    Object read(JsonReader in) throws MappingException {
        byte[] bytes = bytes(in);
        return type == ByteBuffer.class ? ByteBuffer.wrap(bytes) : bytes;
    }

    private byte[] bytes(JsonReader in) throws MappingException {
        if (in.peek() == '"') {
            String text = in.string();
            try {
                return Base64.getDecoder().decode(text.replaceAll("\\s", ""));
            } catch (IllegalArgumentException error) {
                throw weird(in, "byte[]", text, error.getMessage());
            }
        }
        if (in.peek() != '[') {
            throw mismatch(in, "byte[]");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        in.open();
        boolean more = in.nextElement(true);
        while (more) {
            if (in.peek() != JsonReader.NUMBER) {
                throw mismatch(in, "byte");
            }
            bytes.write(JsonTree.readNumber(in).intValue());
            more = in.nextElement(false);
        }
        return bytes.toByteArray();
    }
}
