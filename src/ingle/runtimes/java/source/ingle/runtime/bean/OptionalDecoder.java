package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.MappingException;
import java.util.Optional;

/** A value that may be missing. */
final class OptionalDecoder extends Decoder {
    private final Decoder value;

    OptionalDecoder(Decoder value) {
        this.value = value;
    }

    @Override
    Object absent() {
        return Optional.empty();
    }

    @Override
    Object read(JsonReader in) throws MappingException {
        return Optional.ofNullable(value.decode(in));
    }
}
