package hass

// documents are the discovery documents of one device in one form.
type documents interface {
	// publish publishes the documents that have changed.
	publish(c content)
	// setOutdated makes publish publish all documents again.
	setOutdated()
	// unload records that Home Assistant has unloaded the entities of all documents.
	unload()
	// addPrevious records that a previous run may have published an entity.
	addPrevious(id string, c Component)
	// receiveDeletion reports whether a user has deleted documents since the last call.
	// These are not published until restore.
	receiveDeletion() bool
	// isDeleted reports whether a user has deleted all documents.
	isDeleted() bool
	// restore reports whether a user has deleted documents, which may be published
	// again.
	restore() bool
	// isPublished reports whether the broker has acknowledged the latest documents.
	// Any goroutine may call it.
	isPublished() bool
	// isRemoved reports whether the broker has acknowledged that the documents contain
	// no more than the platforms of entities.
	isRemoved(entities map[string]Component) bool
	// topics returns the topics of the documents on the broker.
	topics() []string
}
