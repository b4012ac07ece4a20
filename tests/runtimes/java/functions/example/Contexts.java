package example;

import com.amazonaws.services.lambda.runtime.Client;
import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.Context;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Handlers that tell what the context holds. */
public class Contexts {
    public Map<String, Object> all(Context context) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("requestId", context.getAwsRequestId());
        all.put("logGroup", context.getLogGroupName());
        all.put("logStream", context.getLogStreamName());
        all.put("name", context.getFunctionName());
        all.put("version", context.getFunctionVersion());
        all.put("arn", context.getInvokedFunctionArn());
        all.put("memory", context.getMemoryLimitInMB());
        all.put("noIdentity", context.getIdentity() == null);
        all.put("noClient", context.getClientContext() == null);
        all.put("noTenant", context.getTenantId() == null);
        return all;
    }

    public String tenant(Context context) {
        return context.getTenantId();
    }

    public int remaining(Context context) {
        return context.getRemainingTimeInMillis();
    }

    public List<Object> client(Context context) {
        ClientContext found = context.getClientContext();
        Client client = found.getClient();
        return Arrays.asList(
                client.getInstallationId(), client.getAppTitle(), client.getAppVersionName(),
                client.getAppVersionCode(), client.getAppPackageName(), found.getCustom(), found.getEnvironment());
    }

    public List<String> trace(Context context) {
        return Arrays.asList(System.getProperty("com.amazonaws.xray.traceHeader"), context.getXrayTraceId());
    }
}
