package directory

// What the server says of itself (RFC 7644, 4; RFC 7643, 5 to 7). It holds
// nothing of anybody.

func attribute(name, kind, mutability string, more object) object {
	o := object{
		"name": name, "type": kind, "multiValued": false, "required": false, "caseExact": false, "mutability": mutability, "returned": "default", "uniqueness": "none",
		"description": "",
	}
	for k, v := range more {
		o[k] = v
	}
	return o
}

func (d *Directory) userSchema() object {
	value := attribute("value", "string", "readWrite", nil)
	return object{
		"schemas": []any{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, "id": userSchema, "name": "User", "description": "An account of a person",
		"attributes": []any{
			attribute("userName", "string", "readWrite", object{"required": true, "uniqueness": "server"}),
			attribute("displayName", "string", "readWrite", nil),
			attribute("name", "complex", "readWrite", object{"subAttributes": []any{
				attribute("formatted", "string", "readWrite", nil), attribute("givenName", "string", "readWrite", nil), attribute("familyName", "string", "readWrite", nil),
			}}),
			attribute("emails", "complex", "readWrite", object{"multiValued": true, "description": "One is kept: the primary one, or that of work.", "subAttributes": []any{
				value, attribute("type", "string", "readWrite", nil), attribute("primary", "boolean", "readWrite", nil),
			}}),
			attribute("active", "boolean", "readWrite", object{"description": "False closes the account at once: sessions and keys end."}),
			attribute("preferredLanguage", "string", "readWrite", nil),
			attribute("timezone", "string", "readWrite", nil),
			attribute("groups", "complex", "readOnly", object{"multiValued": true, "subAttributes": []any{
				attribute("value", "string", "readOnly", nil), attribute("display", "string", "readOnly", nil), attribute("type", "string", "readOnly", nil), attribute("$ref", "reference", "readOnly", object{"referenceTypes": []any{"Group"}}),
			}}),
		},
		"meta": object{"resourceType": "Schema", "location": d.URL + "/Schemas/" + userSchema},
	}
}

func (d *Directory) groupSchema() object {
	return object{
		"schemas": []any{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, "id": groupSchema, "name": "Group", "description": "A group with which records are shared",
		"attributes": []any{
			attribute("displayName", "string", "readWrite", object{"required": true, "uniqueness": "server"}),
			attribute("members", "complex", "readWrite", object{"multiValued": true, "subAttributes": []any{
				attribute("value", "string", "immutable", nil), attribute("display", "string", "readOnly", nil), attribute("type", "string", "immutable", object{"canonicalValues": []any{"User"}}),
				attribute("$ref", "reference", "immutable", object{"referenceTypes": []any{"User"}}),
			}}),
		},
		"meta": object{"resourceType": "Schema", "location": d.URL + "/Schemas/" + groupSchema},
	}
}

func (d *Directory) kind(name, endpoint, schema string) object {
	return object{
		"schemas": []any{"urn:ietf:params:scim:schemas:core:2.0:ResourceType"}, "id": name, "name": name, "endpoint": endpoint, "schema": schema, "description": "",
		"schemaExtensions": []any{}, "meta": object{"resourceType": "ResourceType", "location": d.URL + "/ResourceTypes/" + name},
	}
}

// ServiceProviderConfig says what this server can.
func (d *Directory) ServiceProviderConfig() ([]byte, error) {
	can := func(yes bool) object { return object{"supported": yes} }
	return write(object{
		"schemas": []any{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"patch":   can(true), "sort": can(false), "etag": can(false), "changePassword": can(false),
		"bulk":   object{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter": object{"supported": true, "maxResults": pageMost},
		"authenticationSchemes": []any{object{
			"type": "oauthbearertoken", "name": "Program key", "description": "Authorization: Bearer ck_…, a key whose role keeps accounts in step", "primary": true,
		}},
		"meta": object{"resourceType": "ServiceProviderConfig", "location": d.URL + "/ServiceProviderConfig"},
	})
}

// ResourceTypes lists what there is; with an id, that one.
func (d *Directory) ResourceTypes(id string) ([]byte, error) {
	return listed([]object{d.kind("User", "/Users", userSchema), d.kind("Group", "/Groups", groupSchema)}, id)
}

// Schemas lists the schemas of what there is; with an id, that one.
func (d *Directory) Schemas(id string) ([]byte, error) {
	return listed([]object{d.userSchema(), d.groupSchema()}, id)
}

func listed(all []object, id string) ([]byte, error) {
	if id == "" {
		return page(all, Query{Count: -1})
	}
	for _, o := range all {
		if o["id"] == id {
			return write(o)
		}
	}
	return nil, gone()
}
