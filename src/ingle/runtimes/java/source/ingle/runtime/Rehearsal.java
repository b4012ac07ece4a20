package ingle.runtime;

import ingle.runtime.log.FunctionLogger;
import ingle.runtime.log.LogPipe;
import ingle.runtime.process.Channel;
import ingle.runtime.process.Environment;
import ingle.runtime.process.Frame;
import ingle.runtime.process.Restart;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Does once what a first invocation does, so that all it needs is loaded before there is one. It
 * ends early where a function is waiting, which needs little of it all.
 */
final class Rehearsal {
    private static final String PACKAGE = "ingle.rehearsal.";
    private static final String[] HANDLERS = {"Greeter", "Greeter::greet", "Copier", "Absent", "Usual::use"};
    private static final String INIT = "{\"handler\": \"h\", \"environment\": {\"TZ\": \":UTC\","
            + " \"LAMBDA_TASK_ROOT\": \"/var/task\", \"AWS_LAMBDA_LOG_FORMAT\": \"JSON\","
            + " \"AWS_LAMBDA_LOG_LEVEL\": \"INFO\"}}";
    private static final String EVENT = "{\"name\": \"Zo\u00eb\\n\", \"number\": 1, \"size\": 1.5, \"right\": true,"
            + " \"words\": [\"a\"], \"more\": {\"key\": [null, 12345678901]}, \"other\": {\"a\": [false]}}";

    private final Channel channel;
    private final Environment environment;
    private final Restart restart;
    private final String layers;

    Rehearsal(Channel channel, Environment environment, Restart restart, String layers) {
        this.channel = channel;
        this.environment = environment;
        this.restart = restart;
        this.layers = layers;
    }

    void run() throws IOException {
        if (channel.hasNext()) {
            return;
        }
        try (FileOutputStream nowhere = new FileOutputStream("/dev/null")) {
            LogPipe pipe = new LogPipe(nowhere, nowhere);
            pipe.open();
            FunctionLogger logger = new FunctionLogger(pipe);
            logger.install();
            Map<String, String> variables = Sandbox.variables(
                    Sandbox.settings(INIT.getBytes(StandardCharsets.UTF_8)).get("environment"));
            restart.isNeeded(variables);
            environment.enter(variables);
            environment.settle(variables);
            logger.configure(variables.get("AWS_LAMBDA_LOG_FORMAT"), variables.get("AWS_LAMBDA_LOG_LEVEL"));
            Sandbox sandbox = new Sandbox(null, environment, logger, layers);
            loadApart();
            for (String each : HANDLERS) {
                if (channel.hasNext()) {
                    break;
                }
                sandbox.load(PACKAGE + each, variables).answer(invocation());
                LogPipe.flush();
            }
        } finally {
            Thread.currentThread().setContextClassLoader(ClassLoader.getSystemClassLoader());
        }
    }

    private static byte[] invocation() {
        byte[] event = EVENT.getBytes(StandardCharsets.UTF_8);
        byte[] identity = new byte[Frame.IDENTITY];
        ByteBuffer body = ByteBuffer.allocate(Frame.IDENTITY + 18 + 4 + event.length).order(ByteOrder.LITTLE_ENDIAN);
        body.put(identity).putLong(0).putShort((short) 2).putShort((short) 0).putInt(2).putShort((short) 0);
        body.put("me{}".getBytes(StandardCharsets.UTF_8)).put(event);
        return body.array();
    }

    /** Load a class as those of functions are, which is not through the loader of the runtime's own. */
    private static void loadApart() throws IOException {
        URL jar = Rehearsal.class.getProtectionDomain().getCodeSource().getLocation();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {new URL("file:/var/task/"), jar}, null)) {
            Class.forName(PACKAGE + "Event", true, loader).getMethods();
        } catch (ClassNotFoundException error) {
            throw new IOException(error);
        }
    }
}
