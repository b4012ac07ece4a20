package ingle.runtime.json;

import java.io.IOException;

/** JSON that does not fit the type it should become, or an object that has no JSON. */
public final class MappingException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String problem;
    private final String place;
    private String path = "";

    /**
     * Describe a mismatch.
     *
     * @param problem what does not fit
     * @param place where in the JSON, or an empty text
     */
    public MappingException(String problem, String place) {
        super(problem);
        this.problem = problem;
        this.place = place;
    }

    /** Describe a failure of the user's own code in the course of the mapping. */
    public MappingException(String problem, String place, Throwable cause) {
        this(problem, place);
        initCause(cause);
    }

    /** Say that it happened at this member of an object of this class. */
    public MappingException in(Class<?> owner, String member) {
        return at(owner.getName() + "[\"" + member + "\"]");
    }

    /** Say that it happened at this element of a list or array. */
    public MappingException in(Class<?> owner, int index) {
        return at(owner.getTypeName() + "[" + index + "]");
    }

    private MappingException at(String step) {
        path = path.isEmpty() ? step : step + "->" + path;
        return this;
    }

    @Override
    public String getMessage() {
        StringBuilder message = new StringBuilder(problem);
        if (!place.isEmpty()) {
            message.append("\n at ").append(place);
        }
        if (!path.isEmpty()) {
            message.append(" (through reference chain: ").append(path).append(')');
        }
        return message.toString();
    }
}
