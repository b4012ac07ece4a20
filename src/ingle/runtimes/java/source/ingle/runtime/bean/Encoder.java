package ingle.runtime.bean;

import ingle.runtime.json.JsonWriter;
import ingle.runtime.json.MappingException;

/** From objects of one class to JSON. */
interface Encoder {
    /** Write an object. */
    void write(JsonWriter out, Object value) throws MappingException;
}
