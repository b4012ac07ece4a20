package ingle.runtime.handler;

import com.amazonaws.services.lambda.runtime.Context;

/** The function's own method, with an object for the event. */
interface Call {
    /** Call it; what it throws comes through. */
    Object call(Object input, Context context) throws Throwable;
}
