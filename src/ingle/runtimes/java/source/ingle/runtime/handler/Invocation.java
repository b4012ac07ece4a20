package ingle.runtime.handler;

import ingle.runtime.process.Frame;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** One call of the function, as it came from the server. */
public final class Invocation {
    /** AWS's id of the request. */
    public final String requestId;
    /** When it times out, in milliseconds since the epoch. */
    public final long deadline;
    /** The ARN that the caller named. */
    public final String invokedArn;
    /** The X-Ray trace header; may be empty. */
    public final String traceId;
    /** The client context's JSON; may be empty. */
    public final String clientContext;
    /** The tenant that it is for, or null. */
    public final String tenantId;
    /** What holds the event's JSON, to the end. */
    final byte[] body;
    /** Where the event begins in it. */
    final int event;

    /** Take a frame of kind INVOKE apart. */
    public Invocation(byte[] body) {
        ByteBuffer head = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
        head.position(Frame.IDENTITY);
        deadline = head.getLong();
        int arn = head.getShort() & 0xffff;
        int trace = head.getShort() & 0xffff;
        int context = head.getInt();
        int tenant = head.getShort() & 0xffff;
        int at = head.position();
        this.body = body;
        requestId = text(0, Frame.IDENTITY);
        invokedArn = text(at, arn);
        traceId = text(at + arn, trace);
        clientContext = text(at + arn + trace, context);
        tenantId = tenant == 0 ? null : text(at + arn + trace + context, tenant);
        event = at + arn + trace + context + tenant;
    }

    private String text(int at, int length) {
        return new String(body, at, length, StandardCharsets.UTF_8);
    }

    /** Return the event's JSON to be read. */
    InputStream stream() {
        return new ByteArrayInputStream(body, event, body.length - event);
    }
}
