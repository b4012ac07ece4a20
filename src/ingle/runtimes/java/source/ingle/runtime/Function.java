package ingle.runtime;

import ingle.runtime.handler.ErrorReport;
import ingle.runtime.handler.Fault;
import ingle.runtime.handler.Handler;
import ingle.runtime.handler.Invocation;
import ingle.runtime.json.JsonWriter;
import ingle.runtime.json.MappingException;
import ingle.runtime.log.FunctionLogger;
import ingle.runtime.process.Frame;
import java.io.IOError;
import java.util.Map;

/** A function whose handler is loaded: it makes answers of invocations. */
final class Function {
    /** Bytes; https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. */
    private static final int MOST = 6_291_556;

    private static final String TRACE_HEADER = "com.amazonaws.xray.traceHeader";
    private static final int HEAD = Frame.HEADER + Frame.IDENTITY;
    private static final int ROOM = 4096;

    private final Handler handler;
    private final ClassLoader loader;
    private final Map<String, String> variables;
    private final FunctionLogger logger;

    Function(Handler handler, ClassLoader loader, Map<String, String> variables, FunctionLogger logger) {
        this.handler = handler;
        this.loader = loader;
        this.variables = variables;
        this.logger = logger;
    }

    /** The frame that answers an invocation. */
    static final class Answer {
        final JsonWriter frame = new JsonWriter(ROOM);
        int kind = Frame.RESULT;
        boolean last;

        Answer(byte[] invocation) {
            frame.write(new byte[Frame.HEADER], 0, Frame.HEADER);
            frame.write(invocation, 0, Frame.IDENTITY);
        }
    }

    /** Serve an invocation, also one that fails. */
    Answer answer(byte[] body) throws MappingException {
        Answer answer = new Answer(body);
        try {
            Invocation invocation = new Invocation(body);
            trace(invocation.traceId);
            FunctionContext context = new FunctionContext(variables, invocation, logger);
            logger.serve(invocation.requestId, invocation.tenantId);
            Log4jContext.put(invocation.requestId, loader);
            handler.handle(invocation, context, answer.frame);
            if (answer.frame.size() - HEAD > MOST) {
                fail(answer);
                ErrorReport.write(
                        answer.frame,
                        "Response payload size exceeded maximum allowed payload size (" + MOST + " bytes).",
                        "Function.ResponseSizeTooLarge");
            }
        } catch (Throwable error) {
            answer.last = error instanceof VirtualMachineError || error instanceof IOError
                    || error instanceof Fault && ((Fault) error).fatal;
            fail(answer);
            ErrorReport.write(answer.frame, error);
            logger.error(ErrorReport.text(error));
        }
        Thread.interrupted(); // whatever the function did to this thread is over
        return answer;
    }

    private static void fail(Answer answer) {
        answer.kind = Frame.FAULT;
        answer.frame.reset(HEAD);
    }

    private static void trace(String traceId) {
        if (traceId.isEmpty()) {
            System.clearProperty(TRACE_HEADER);
        } else {
            System.setProperty(TRACE_HEADER, traceId);
        }
    }
}
