package ingle.runtime;

import com.amazonaws.services.lambda.runtime.Client;
import java.util.Map;

/** The application in a client context. */
final class FunctionClient implements Client {
    private final Map<?, ?> values;

    FunctionClient(Map<?, ?> values) {
        this.values = values;
    }

    @Override
    public String getInstallationId() {
        return text("installation_id");
    }

    @Override
    public String getAppTitle() {
        return text("app_title");
    }

    @Override
    public String getAppVersionName() {
        return text("app_version_name");
    }

    @Override
    public String getAppVersionCode() {
        return text("app_version_code");
    }

    @Override
    public String getAppPackageName() {
        return text("app_package_name");
    }

    private String text(String name) {
        Object value = values.get(name);
        return value == null ? null : value.toString();
    }
}
