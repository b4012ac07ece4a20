package ingle.runtime;

import ingle.runtime.log.FunctionLogger;
import ingle.runtime.log.LogPipe;
import ingle.runtime.process.Channel;
import ingle.runtime.process.Environment;
import ingle.runtime.process.Restart;
import java.io.EOFException;
import java.io.IOException;
import java.util.Map;

/** Starts the runtime. */
public final class Main {
    private Main() {}

    /**
     * Come up, rehearse, and wait for a function to serve.
     *
     * @param arguments the folder with the layers' jars
     */
    public static void main(String[] arguments) throws IOException {
        Channel channel = Channel.claim();
        Environment environment = new Environment();
        Restart restart = new Restart();
        Map<String, String> known = restart.result();
        if (known == null) {
            new Rehearsal(channel, environment, restart, arguments[0]).run();
        } else {
            environment.enter(known);
        }
        LogPipe pipe = LogPipe.own();
        pipe.open();
        FunctionLogger logger = new FunctionLogger(pipe);
        logger.install();
        Sandbox sandbox = new Sandbox(channel, environment, logger, arguments[0]);
        try {
            System.exit(known == null ? sandbox.live(restart) : sandbox.serve(known.get("_HANDLER"), known));
        } catch (EOFException gone) {
            Runtime.getRuntime().halt(0);
        }
    }
}
