package com.amazonaws.services.lambda.runtime;

/**
 * What a handler may know of its invocation and of its function.
 *
 * @see <a href="https://docs.aws.amazon.com/lambda/latest/dg/java-context.html">AWS's page</a>
 */
public interface Context {
    /** The id of the invocation, the same for each of its retries. */
    String getAwsRequestId();

    /** The log group that the function logs to. */
    String getLogGroupName();

    /** The stream in it that this instance of the function logs to. */
    String getLogStreamName();

    /** The function's name. */
    String getFunctionName();

    /** The version of the function that runs. */
    String getFunctionVersion();

    /** The ARN that the caller named; it tells a version or an alias. */
    String getInvokedFunctionArn();

    /** The Cognito identity that called, or null. */
    CognitoIdentity getIdentity();

    /** What the caller sent as client context, or null. */
    ClientContext getClientContext();

    /** Milliseconds until the invocation times out; never negative. */
    int getRemainingTimeInMillis();

    /** The function's memory, in MB. */
    int getMemoryLimitInMB();

    /** The logger of the function. */
    LambdaLogger getLogger();

    /** The tenant that the invocation is for, or null. */
    default String getTenantId() {
        return null;
    }

    /** The X-Ray trace header of the invocation, or null. */
    default String getXrayTraceId() {
        return null;
    }
}
