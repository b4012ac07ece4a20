package ingle.runtime;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import ingle.runtime.handler.Invocation;
import ingle.runtime.json.MappingException;
import java.util.Map;

/** What a handler is told of its invocation and of its function. */
final class FunctionContext implements Context {
    private final Map<String, String> variables;
    private final Invocation invocation;
    private final LambdaLogger logger;
    private final ClientContext clientContext;

    FunctionContext(Map<String, String> variables, Invocation invocation, LambdaLogger logger)
            throws MappingException {
        this.variables = variables;
        this.invocation = invocation;
        this.logger = logger;
        this.clientContext = FunctionClientContext.of(invocation.clientContext);
    }

    @Override
    public String getAwsRequestId() {
        return invocation.requestId;
    }

    @Override
    public String getLogGroupName() {
        return variables.get("AWS_LAMBDA_LOG_GROUP_NAME");
    }

    @Override
    public String getLogStreamName() {
        return variables.get("AWS_LAMBDA_LOG_STREAM_NAME");
    }

    @Override
    public String getFunctionName() {
        return variables.get("AWS_LAMBDA_FUNCTION_NAME");
    }

    @Override
    public String getFunctionVersion() {
        return variables.get("AWS_LAMBDA_FUNCTION_VERSION");
    }

    @Override
    public String getInvokedFunctionArn() {
        return invocation.invokedArn;
    }

    @Override
    public CognitoIdentity getIdentity() {
        return null;
    }

    @Override
    public ClientContext getClientContext() {
        return clientContext;
    }

    @Override
    public int getRemainingTimeInMillis() {
        return (int) Math.max(0, invocation.deadline - System.currentTimeMillis());
    }

    @Override
    public int getMemoryLimitInMB() {
        return Integer.parseInt(variables.getOrDefault("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"));
    }

    @Override
    public LambdaLogger getLogger() {
        return logger;
    }

    @Override
    public String getTenantId() {
        return invocation.tenantId;
    }

    @Override
    public String getXrayTraceId() {
        return invocation.traceId.isEmpty() ? null : invocation.traceId;
    }
}
