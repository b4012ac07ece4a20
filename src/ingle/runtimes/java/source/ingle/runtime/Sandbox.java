package ingle.runtime;

import ingle.runtime.handler.ErrorReport;
import ingle.runtime.handler.Fault;
import ingle.runtime.handler.Handlers;
import ingle.runtime.json.JsonReader;
import ingle.runtime.json.JsonTree;
import ingle.runtime.json.JsonWriter;
import ingle.runtime.json.MappingException;
import ingle.runtime.log.FunctionLogger;
import ingle.runtime.log.LogPipe;
import ingle.runtime.process.Channel;
import ingle.runtime.process.Environment;
import ingle.runtime.process.Frame;
import ingle.runtime.process.Restart;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The life of a process: it learns whom it serves, and then serves invocations. */
final class Sandbox {
    private final Channel channel;
    private final Environment environment;
    private final FunctionLogger logger;
    private final String layers;

    /**
     * Make one that serves nobody yet.
     *
     * @param layers the folder with the layers' jars
     */
    Sandbox(Channel channel, Environment environment, FunctionLogger logger, String layers) {
        this.channel = channel;
        this.environment = environment;
        this.logger = logger;
        this.layers = layers;
    }

    /**
     * Wait to be told which function to serve, and serve it.
     *
     * @return the exit status
     * @throws java.io.EOFException if the server is gone
     */
    int live(Restart restart) throws IOException {
        Map<String, Object> settings = settings(expect(Frame.INIT));
        Map<String, String> variables = variables(settings.get("environment"));
        if (restart.isNeeded(variables)) {
            return restart.run(channel, variables);
        }
        environment.enter(variables);
        environment.settle(variables);
        return serve((String) settings.get("handler"), variables);
    }

    /**
     * Serve a function that has these variables, until there is a reason to end.
     *
     * @return the exit status
     * @throws java.io.EOFException if the server is gone
     */
    int serve(String handler, Map<String, String> variables) throws IOException {
        logger.configure(variables.get("AWS_LAMBDA_LOG_FORMAT"), variables.get("AWS_LAMBDA_LOG_LEVEL"));
        Function function;
        try {
            function = load(handler, variables);
        } catch (Fault fault) {
            refuse(fault);
            return 1;
        }
        LogPipe.flush();
        channel.send(Frame.READY, new byte[Frame.HEADER], Frame.HEADER);
        while (true) {
            Function.Answer answer = function.answer(expect(Frame.INVOKE));
            LogPipe.flush();
            channel.send(answer.kind, answer.frame.bytes(), answer.frame.size());
            if (answer.last) {
                return 1;
            }
        }
    }

    /** Load a handler from where the variables say that the package is. */
    Function load(String handler, Map<String, String> variables) throws IOException {
        ClassLoader loader = new TaskClassLoader(
                variables.get("LAMBDA_TASK_ROOT"), layers, ClassLoader.getSystemClassLoader());
        Thread.currentThread().setContextClassLoader(loader);
        return new Function(Handlers.load(handler, loader), loader, variables, logger);
    }

    /** Read the body of an INIT frame. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> settings(byte[] body) throws MappingException {
        return (Map<String, Object>) JsonTree.read(new JsonReader(body, 0, body.length));
    }

    /** Return the variables that an INIT frame has. */
    static Map<String, String> variables(Object environment) {
        Map<String, String> variables = new LinkedHashMap<>();
        for (Map.Entry<?, ?> each : ((Map<?, ?>) environment).entrySet()) {
            variables.put((String) each.getKey(), (String) each.getValue());
        }
        return variables;
    }

    private void refuse(Fault fault) throws IOException {
        logger.error(ErrorReport.text(fault));
        LogPipe.flush();
        JsonWriter frame = new JsonWriter(1024);
        frame.write(new byte[Frame.HEADER], 0, Frame.HEADER);
        ErrorReport.write(frame, fault);
        channel.send(Frame.INIT_ERROR, frame.bytes(), frame.size());
    }

    private byte[] expect(int kind) throws IOException {
        Frame frame = channel.receive();
        if (frame.kind != kind) {
            throw new IOException("a frame of kind " + kind + " was expected, not " + frame.kind);
        }
        return frame.body;
    }
}
