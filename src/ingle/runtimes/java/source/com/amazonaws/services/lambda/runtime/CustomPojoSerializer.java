package com.amazonaws.services.lambda.runtime;

import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Type;

/** A function's own way between JSON and objects, found through META-INF/services. */
public interface CustomPojoSerializer {
    /** Return the object of this type that the JSON says. */
    <T> T fromJson(InputStream input, Type type);

    /** Return the object of this type that the JSON says. */
    <T> T fromJson(String input, Type type);

    /** Write the object of this type as JSON. */
    <T> void toJson(T value, OutputStream output, Type type);
}
