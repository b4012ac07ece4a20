package com.amazonaws.services.lambda.runtime;

import java.io.IOException;

/** Where code that has no context at hand finds the logger. */
public final class LambdaRuntime {
    private static volatile LambdaLogger logger = new LambdaLogger() {
        @Override
        public void log(String message) {
            System.out.print(message);
        }

        @Override
        public void log(byte[] message) {
            try {
                System.out.write(message);
            } catch (IOException error) {
                throw new IllegalStateException(error);
            }
        }
    };

    private LambdaRuntime() {}

    /** Return the logger of the function. */
    public static LambdaLogger getLogger() {
        return logger;
    }
}
