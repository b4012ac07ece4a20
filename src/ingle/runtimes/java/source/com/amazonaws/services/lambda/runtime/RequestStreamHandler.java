package com.amazonaws.services.lambda.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** A handler whose input and output are bytes. */
public interface RequestStreamHandler {
    /** Handle one invocation: read the event, write the answer. */
    void handleRequest(InputStream input, OutputStream output, Context context) throws IOException;
}
