package com.amazonaws.services.lambda.runtime;

import java.util.Map;

/** What the caller sent as the client context of an invocation. */
public interface ClientContext {
    /** The application that called, or null. */
    Client getClient();

    /** What the application added of its own, or null. */
    Map<String, String> getCustom();

    /** What is known of the device, or null. */
    Map<String, String> getEnvironment();
}
